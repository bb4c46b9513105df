"""A dataset's own page: what it is and how to get it, how its batches went, and what was measured over them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from lakegate.reports.board.now import BlockedRun, DatasetNow
from lakegate.reports.contracts.descriptions import Description, Field, Rule
from lakegate.reports.datasets.lineage_picture import Lineage, Neighbour, lineage
from lakegate.reports.datasets.plots import PLOTTED, Plot, allowed, between, broke, plot, rows_plot
from lakegate.reports.datasets.runs import PastRun, RunState
from lakegate.reports.datasets.series import Sentences, Series, null_shares, series_of
from lakegate.reports.datasets.told import DatasetTold, HistoryTold
from lakegate.reports.site import render
from lakegate.reports.site.links import public
from lakegate.reports.site.times import later
from lakegate.reports.site.zones import zone_word
from lakegate.reports.summary import counted

SITE = "SITE"  # stands for the address of `references/` where it is not known
DATASETS = "references/datasets/"
HISTORY = "_history/"  # folder of the pages of closed pieces, in that of the dataset's page
SHOWN = 20  # runs that stand open on a dataset's page
SAID_BESIDE = frozenset({"logicalType", "columnPresent", "required"})  # rules that a field's type and marks tell
ROWS_THERE = "minRows"  # type of the rule whose number is that of the rows, which is drawn anyway
COLUMNS = 48  # plots of null shares that no rule measures, at most
OPEN = 12  # of these that are seen at once
TIPS = 1200  # runs that say what they are under a pointer, over all plots of a page
DEEPEST = 5  # steps that columns within columns are set in
FAILING_TOLD = 2  # rules that a run's line names
KEPT_OUT = {  # what a run did with its batch, where its verdict does not say that already
    RunState.PASSED: "judged, not let in yet",
    RunState.HELD: "kept in quarantine",
    RunState.CONFLICT: "another batch is committed under its key",
    RunState.UNDECIDED: "nothing was decided about the data",
}


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run as a line of the table."""

    run: PastRun
    state: str  # what happened to the batch, where the verdict does not say it
    failing: tuple[str, ...]  # the first rules that did not hold, as sentences
    more: int  # others
    again: bool  # whether its batch was judged again since


@dataclass(frozen=True, slots=True)
class Folded:
    """A rule or a column that is not drawn, and what there is to say of it."""

    title: str
    told: str


@dataclass(frozen=True, slots=True)
class Group:
    """Plots under one title, and under one line each what is not drawn; not all are empty. `more` are folded."""

    id: str
    title: str
    plots: tuple[Plot, ...]
    more: tuple[Plot, ...] = ()
    folded: tuple[tuple[str, tuple[Folded, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Plots:
    """What was measured over the last runs, the rules that need a look first."""

    runs: int
    first: str  # when the oldest and the newest run was; ISO 8601, UTC
    last: str
    rows: Plot | None
    groups: tuple[Group, ...]
    unmeasured: tuple[Folded, ...]  # that broke without a number
    steady: tuple[Folded, ...]  # that held wherever they were measured, and whose number says nothing more


def dataset_page(told: DatasetTold) -> str:
    """Return the page of a dataset as HTML. A pure function of its values: what it says of time names moments."""
    folder = _folder(told.page)
    plots, around, fields = plots_of(told.runs, told.description), _lineage(told), _fields(told.description)
    lines = run_lines(told.runs, Sentences(told.description))
    here = (
        ("about", "About", True),
        ("measured", "Measured", plots),
        ("batches", "Batches", True),
        ("lineage", "Upstream and downstream", around),
        ("get", "How to get it", told.description and told.description.ways),
        ("dictionary", "Dictionary", fields),
        ("table-rules", "Rules of the table", told.description and told.description.rules),
        ("versions", "Versions", told.versions),
        ("manuals", "Manuals", told.manuals),
        ("badge", "Badge", True),
    )
    return render(
        "dataset.html.j2",
        page=told.page,
        told=told,
        now=told.now,
        kept_out=_kept_out(told.now),
        zone=zone_word(told.now.zone),
        next_due=later(told.now.last_at, told.now.fresh_for) if told.now.fresh_for else "",
        description=told.description,
        contents=[(anchor, word) for anchor, word, there in here if there],
        lines=lines[:SHOWN],
        older=lines[SHOWN:],
        plots=plots,
        lineage=around,
        fields=fields,
        history=folder + HISTORY,
        badge=f"{folder}badge.svg",
        badge_code=_badge_code(told.now.dataset, folder, told.site or SITE),
        size=_size,
    )


def _kept_out(now: DatasetNow) -> tuple[BlockedRun, ...]:
    """Return the last run over each batch that is kept out, the newest first, as far as they are known."""
    last: dict[str, BlockedRun] = {}
    for run in now.blocked:
        if not run.resolved:
            last.setdefault(run.batch, run)
    return tuple(last.values())


def history_page(told: HistoryTold) -> str:
    """Return the page of one closed piece of a dataset's history as HTML."""
    return render(
        "history.html.j2",
        page=told.page,
        told=told,
        folder=_folder(told.page),
        home=f"{DATASETS}{told.dataset}/",
        lines=run_lines(told.runs, Sentences(None)),
    )


def run_lines(runs: Sequence[PastRun], sentences: Sentences) -> tuple[RunLine, ...]:
    """Return runs, the newest first, as lines of a table."""
    lines, seen = [], set()
    for run in runs:
        named = tuple(sentences.of(key)[0] for key in run.failing[:FAILING_TOLD])
        more = len(run.failing) - len(named)
        lines.append(RunLine(run, KEPT_OUT.get(run.state, ""), named, more, run.batch in seen))
        seen.add(run.batch)
    return tuple(lines)


def plots_of(runs: Sequence[PastRun], description: Description | None) -> Plots | None:
    """Return the plots of the last runs, which come newest first; None where there are none."""
    past = tuple(reversed(runs[:PLOTTED]))
    if not past:
        return None
    series = series_of(past, Sentences(description))
    drawn = [one for one in series if one.known and (one.broken or (one.moves and one.type != ROWS_THERE))]
    tips = _Tips(TIPS)
    rows = rows_plot(past, tips=tips.of(len(past)))
    plots = {one.key: plot(one, past, tips=tips.of(len(past))) for one in drawn}
    held = [one for one in series if one.known and one.key not in plots]
    nulls = tuple(plots[one.key] for one in drawn if one.about_nulls)
    others = tuple(plots[one.key] for one in drawn if not one.about_nulls)
    columns = _columns(past, description, {one.field for one in drawn if one.about_nulls})
    shares = tuple(plot(one, past, tips=tips.of(len(past)), whole=True) for one in columns[:COLUMNS] if one.moves)
    groups = (
        Group("nulls", "Nulls", (*nulls, *shares[:OPEN]), shares[OPEN:], tuple(_undrawn(columns))),
        Group("rules", "Rules", others),
    )
    return Plots(
        runs=len(past),
        first=past[0].at,
        last=past[-1].at,
        rows=rows,
        groups=tuple(group for group in groups if group.plots or group.folded),
        unmeasured=tuple(Folded(one.title, broke(one, past)) for one in series if not one.known),
        steady=tuple(_steady(one) for one in held),
    )


def _columns(past: Sequence[PastRun], description: Description | None, but: Collection[str | None]) -> list[Series]:
    """Return the null shares of the contract's columns, but of some: those that move first, the others in its order."""
    places = {field.path: place for place, field in enumerate(description.fields if description else ())}
    found = [one for one in null_shares(past) if one.known and one.field in places and one.field not in but]
    return sorted(found, key=lambda one: 0 if one.moves else 1 + places[one.field or ""])


def _undrawn(columns: Sequence[Series]) -> Iterator[tuple[str, tuple[Folded, ...]]]:
    """Yield a line for the columns whose null shares are not drawn, with each of them."""
    still = [one for one in columns if not one.moves]
    groups = (
        ("Never null", [one for one in still if not one.known[0]]),
        ("Always the same share of nulls", [one for one in still if one.known[0]]),
        ("Moved less than these", [one for one in columns if one.moves][COLUMNS:]),
    )
    for words, some in groups:
        if some:
            told = tuple(Folded(one.field or "", between(one) if any(one.known) else "") for one in some)
            yield f"{words}: {counted(len(some), 'column')}", told


class _Tips:
    """How many runs may still say what they are, so that a page of many rules stays small."""

    def __init__(self, left: int) -> None:
        self._left = left

    def of(self, count: int) -> int:
        """Return `count` where so many are left, else none."""
        if count > self._left:
            return 0
        self._left -= count
        return count


def _steady(series: Series) -> Folded:
    """Return a rule that always held, with its number."""
    number = f"{between(series)} in {counted(len(series.known), 'run')}"
    return Folded(series.title, "; ".join(part for part in (number, allowed(series)) if part))


def _lineage(told: DatasetTold) -> Lineage | None:
    """Return the dataset between its neighbours."""
    now, description = told.now, told.description
    upstream = now.upstream or (description.upstream if description else ())
    source = description.source if description else ""
    return lineage(Neighbour(now.dataset, now.zone), upstream, now.downstream, told.zones, source)


def _fields(description: Description | None) -> tuple[tuple[int, Field, tuple[Rule, ...]], ...]:
    """Return the columns in their order, each with how deep it stands in others and the rules to be told."""
    found, around = [], list[str]()
    for field in description.fields if description else ():
        while around and not _inside(field.path, around[-1]):
            around.pop()
        told = tuple(rule for rule in field.rules if not _said_beside(rule))
        found.append((min(len(around), DEEPEST), field, told))
        around.append(field.path)
    return tuple(found)


def _said_beside(rule: Rule) -> bool:
    return rule.type in SAID_BESIDE and rule.does == "fail" and not (rule.why or rule.code)


def _inside(path: str, outer: str) -> bool:
    return path.startswith((f"{outer}.", f"{outer}[", f"{outer}{{"))


def _folder(page: str) -> str:
    """Return the folder that a page lies in, with its `/`."""
    return page.rpartition("/")[0] + "/"


def _badge_code(dataset: str, folder: str, site: str) -> str:
    """Return what shows the badge in Markdown, as a link to the dataset's page; it stands elsewhere."""
    badge, page = (public(site, folder + name) for name in ("badge.svg", "index.html"))
    return f"[![{dataset}]({badge})]({page})"


def _size(size: int) -> str:
    """Return a file's size for people."""
    for unit, one in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= one:
            return f"{size / one:.3g} {unit}"
    return counted(size, "byte")
