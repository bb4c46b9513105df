"""What contracts say, for readers: descriptions, how they change, the dictionary of all fields, manuals beside them."""
