"""Every lake there is, each with the way an uploader writes to it behind the gate's back."""

from lake.memory import MemoryLake
from lakegate.lake.local import LocalLake


def memory(folder):
    lake = MemoryLake()
    return lake, lake.upload


def local(folder):
    root = folder / "lake"
    root.mkdir()

    def upload(key, data):
        path = root / key
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(path.name + ".uploading")
        fresh.write_bytes(data)
        fresh.replace(path)  # another inode, so that no clock is needed to tell the versions apart

    return LocalLake(root), upload


WORLDS = (memory, local)
