"""Stand-ins."""


def dictionary_page(descriptions):
    return repr(descriptions)


dictionary_csv = dictionary_json = dictionary_page


def manuals_page(manuals):
    return repr(manuals)
