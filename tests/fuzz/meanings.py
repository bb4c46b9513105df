"""What a text means, changed: cells of a CSV, values of JSON, documents that are contracts."""

from __future__ import annotations

import copy
import csv
import io
import json
import random
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from xml.etree import ElementTree as ET

import yaml

from lakegate.contract import standard

SEEDS = Path(__file__).parent / "seeds" / "contract"
WORDS: dict[str, list] = json.loads(Path(__file__).with_name("words.json").read_text())
_CELLS, _COLUMNS, _VALUES = WORDS["cells"], WORDS["columns"], WORDS["contract"]
_ATTRIBUTES = WORDS["attributes"]
_NODES = [*_CELLS, *WORDS["nodes"], *_COLUMNS]


def cells(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Change cells and columns of a CSV."""
    text = data.decode()
    head = text.partition("\n")[0]
    delimiter = next((mark for mark in ";\t" if mark in head), ",")
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    for _ in range(rng.choice((1, 1, 2, 4))):
        row = rng.randrange(1, len(rows)) if len(rows) > 1 and rng.random() < 0.85 else 0
        match rng.randrange(8):
            case 0:
                rows.insert(row + 1, list(rows[row]))
            case 1 if rng.random() < 0.3:
                rows[row].append(rng.choice(_CELLS))
            case 2 if rng.random() < 0.3:
                del rows[row][-1]
            case 3:
                name = rng.choice(_COLUMNS)
                rows = [[*cells, rng.choice(_CELLS) if number else name] for number, cells in enumerate(rows)]
            case _:
                rows[row][rng.randrange(len(rows[row]))] = rng.choice(_CELLS if row else _COLUMNS)
    out = io.StringIO()
    quoting = rng.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC))
    end = "\r\n" if "\r\n" in text else "\n"
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=end).writerows(rows)
    return out.getvalue().encode()


def lines_of(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Change what one line of JSON holds."""
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    lines[at] = _json_of(json.loads(lines[at]), rng)
    if rng.random() < 0.2:
        lines.insert(at, rng.choice(lines))
    return b"\n".join(lines)


def elements(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Change what an array of JSON holds."""
    return _json_of(json.loads(data), rng)


def _json_of(tree: object, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 4))):
        tree = other_tree(tree, _NODES, rng)
        if isinstance(tree, dict) and rng.random() < 0.5:
            tree[rng.choice(_COLUMNS)] = rng.choice(_NODES)
    text = json.dumps(tree, ensure_ascii=rng.random() < 0.5, separators=rng.choice(((",", ":"), (", ", ": "))))
    return text.encode(errors="surrogatepass")


def elements_of_xml(data: bytes, rng: random.Random) -> bytes:
    """Change one element of XML: what it holds, what it is called, or whether it is there."""
    root = ET.fromstring(data)  # noqa: S314 - our own seeds
    for _ in range(rng.choice((1, 1, 2, 3))):
        parents = [node for node in root.iter() if len(node)]
        parent = rng.choice(parents or [root])
        node = rng.choice(list(root.iter()))
        match rng.randrange(8):
            case 0 | 1:
                node.text = rng.choice(
                    (*_CELLS, "1", "-1", "45000.5", "1E5", "#REF!", "_x0000_", "2026-01-02T03:04:05")
                )
            case 2 | 3 if node.attrib:
                node.set(rng.choice(list(node.attrib)), rng.choice(_ATTRIBUTES))
            case 4 if len(parent):
                parent.remove(rng.choice(list(parent)))
            case 5:
                parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(rng.choice(list(parent) or [node])))
            case 6:
                node.tag = rng.choice(list(root.iter())).tag
            case _:
                node.set(rng.choice(("r", "t", "s", "ref", "si", "sheetId", "state", "count")), rng.choice(_ATTRIBUTES))
    return ET.tostring(root, encoding=rng.choice(("utf-8", "utf-8", "utf-16")))


# --- contracts --------------------------------------------------------------------------------------------------


@cache
def _vocabulary() -> tuple[object, ...]:
    """Return every key and every word of the grammars, and values that are often wrong."""
    schemas = [standard.odcs()._schema]
    schemas.append(
        json.loads(resources.files("lakegate.contract").joinpath("lakegate-property.schema.json").read_text())
    )
    words: dict[str, None] = {}
    todo: list[object] = list(schemas)
    while todo:
        node = todo.pop()
        if isinstance(node, dict):
            words |= dict.fromkeys(node.get("properties", {}) if isinstance(node.get("properties"), dict) else ())
            enum = node.get("enum")
            words |= dict.fromkeys(word for word in (enum if isinstance(enum, list) else ()) if isinstance(word, str))
            todo += node.values()
        elif isinstance(node, list):
            todo += node
    return (*words, *_VALUES, *_VALUES)


def contract(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """Return another document, most of which still keeps the grammar."""
    tree = _document(data) or _document(rng.choice(others)) or _document(rng.choice(others))
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.65:
            tree = _other_value(tree, rng)
        else:
            tree = other_tree(tree, _vocabulary(), rng, _document(rng.choice(others)))
    if rng.random() < 0.5:
        return json.dumps(tree, default=str, ensure_ascii=rng.random() < 0.5).encode(errors="surrogatepass")
    text = yaml.dump(tree, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True)
    return text.encode(errors="surrogatepass")


def _document(data: bytes) -> dict | None:
    try:
        tree = yaml.load(data, Loader=yaml.CSafeLoader) if data.count(b"*") < 20 else None
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError):
        return None
    return tree if isinstance(tree, dict) and len(tree) > 3 else None


@cache
def _known() -> dict[str, list]:
    """Return what stands under each key of the seeds, and what the grammars allow there."""
    pool: dict[str, list] = {}
    for path in sorted(SEEDS.iterdir()):
        todo: list[object] = [_document(path.read_bytes())]
        while todo:
            node = todo.pop()
            for key in _keys(node):
                if isinstance(key, str):
                    pool.setdefault(key, []).append(node[key])
                todo.append(node[key])
    todo = [standard.odcs()._schema]
    while todo:
        node = todo.pop()
        properties = node.get("properties") if isinstance(node, dict) else None
        for key, said in (properties if isinstance(properties, dict) else {}).items():
            if isinstance(said, dict):
                pool.setdefault(key, []).extend(said.get("enum", ()))
                pool[key].extend(said.get("examples", ()) if isinstance(said.get("examples"), list) else ())
        todo += [node[key] for key in _keys(node)]
    return {key: values for key, values in pool.items() if values}


def _other_value(tree: object, rng: random.Random) -> object:
    """Return the document with another value of the same kind under one key, or with one key more."""
    tree = json.loads(json.dumps(tree, default=str))
    holders = [tree]
    for node in holders:
        holders += [node[key] for key in _keys(node) if isinstance(node[key], dict | list)]
    holder = rng.choice([node for node in holders if isinstance(node, dict)] or [{}])
    pool = _known()
    if rng.random() < 0.3 or not holder:
        key = rng.choice(sorted(pool))
        holder[key] = rng.choice(pool[key])
        return tree
    key = rng.choice(list(holder))
    kind = type(holder[key])
    alike = [value for value in _VALUES if type(value) is kind] if kind in (str, int, float, bool) else []
    holder[key] = rng.choice(alike if alike and rng.random() < 0.5 else pool.get(key, [holder[key]]))
    return tree


def other_tree(tree: object, words: Sequence[object], rng: random.Random, other: object = None) -> object:
    """Return plain data with one node changed: replaced, left out, renamed, put elsewhere, or twice."""
    tree = json.loads(json.dumps(tree, default=str))
    holders = [(tree, key) for key in _keys(tree)] if isinstance(tree, dict | list) else []
    for holder, key in holders:  # grows while it is walked: every holder of every node
        inner = holder[key]
        holders += [(inner, step) for step in _keys(inner)] if len(holders) < 5000 else []
    if not holders:
        return rng.choice(words)
    holder, key = rng.choice(holders)
    match rng.randrange(7):
        case 0 | 1:
            holder[key] = rng.choice(words)
        case 2:
            del holder[key]
        case 3 if isinstance(holder, dict):
            holder[str(rng.choice(words))] = holder.pop(key)
        case 4:
            source, step = rng.choice(holders)
            piece = source[step] if step in _keys(source) else None
            holder[key] = json.loads(json.dumps(piece))
        case 5 if isinstance(holder, list):
            holder.append(json.loads(json.dumps(holder[key])))
        case 5 if isinstance(holder[key], dict):
            holder[key][str(rng.choice(words))] = rng.choice(words)
        case _ if isinstance(other, dict) and other:
            holder[key] = rng.choice(list(other.values()))
        case _:
            holder[key] = [holder[key]] if rng.random() < 0.5 else {str(rng.choice(words)): holder[key]}
    return tree


def _keys(node: object) -> list:
    return list(node) if isinstance(node, dict) else list(range(len(node))) if isinstance(node, list) else []
