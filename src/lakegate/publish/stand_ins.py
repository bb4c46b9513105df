"""Stand-ins."""

from lakegate.reports.descriptions import Description


def of_json(data):
    import json

    d = json.loads(data)
    d["upstream"] = tuple(d.get("upstream", ()))
    return Description(**d)


def to_json(d):
    import dataclasses
    import json

    return json.dumps(dataclasses.asdict(d))


def changes(old, new):
    return (f"{old.contract_version} -> {new.contract_version}",)


def dataset_page(told):
    return repr(told)


def history_page(told):
    return repr(told)


def dictionary_page(descriptions):
    return repr(descriptions)


dictionary_csv = dictionary_json = dictionary_page


def manuals_page(manuals):
    return repr(manuals)
