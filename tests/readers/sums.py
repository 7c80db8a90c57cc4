"""Reads the flow records of a capture in every form with what people read them with, and compares sums with its summary.

  sums.py FOLDER    with summary.json, flows.ndjson, flows.csv, flows.parquet, flows.arrow and conn.log
"""

import json
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pandas
import pyarrow.ipc
import pyarrow.parquet
from zat import zeek_log_reader

TYPES = {
    "event.start": "timestamp[ns, tz=UTC]",
    "source.port": "uint16",
    "network.bytes": "uint64",
    "portolan.confidence.side": "double",
    "portolan.tcp_flags.source": "uint8",
}


def expected(summary):
    """Flows, packets and bytes of all services, and bytes by service."""
    whole = tuple(sum(row[name] for row in summary["transports"].values()) for name in ("flows", "packets", "bytes"))
    services = Counter()
    for row in summary["services"]:
        services[row["service"]] += row["bytes"]
    return whole, dict(services)


def by_duckdb(source, service="network.protocol", packets='"network.packets"', size='"network.bytes"'):
    rows = duckdb.sql(f'select {service}, count(*), sum({packets}), sum({size}) from {source} group by 1').fetchall()
    whole = tuple(int(sum(row[at] for row in rows)) for at in (1, 2, 3))
    return whole, {row[0]: int(row[3]) for row in rows}


def by_pandas(frame):
    whole = (len(frame), int(frame["network.packets"].sum()), int(frame["network.bytes"].sum()))
    services = frame.groupby("network.protocol", observed=True)["network.bytes"].sum()
    return whole, {name: int(size) for name, size in services.items()}


def by_zat(path):
    rows = list(zeek_log_reader.ZeekLogReader(str(path)).readrows())
    services = Counter()
    for row in rows:
        # Zeek leaves out what is unknown.
        name = "unknown" if row["service"] == "-" else row["service"]
        services[name] += row["orig_wire_bytes"] + row["resp_wire_bytes"]
    packets = sum(row["orig_pkts"] + row["resp_pkts"] for row in rows)
    return (len(rows), packets, sum(services.values())), dict(services)


def check_columns(name, table, summary):
    """Types, the order of time, and whose names these are."""
    metadata = table.schema.metadata
    assert metadata[b"portolan.schema"] == b"portolan.flow/1", name
    assert metadata[b"portolan.table"].decode() == summary["generator"]["table"], name
    for column, kind in TYPES.items():
        assert str(table.schema.field(column).type) == kind, (name, column)
    starts = [start.value for start in table["event.start"] if start.is_valid]
    assert starts == sorted(starts), name


def main():
    folder = Path(sys.argv[1])
    summary = json.loads((folder / "summary.json").read_text())
    parquet = pyarrow.parquet.read_table(folder / "flows.parquet")
    arrow = pyarrow.ipc.open_file(folder / "flows.arrow").read_all()
    check_columns("parquet", parquet, summary)
    check_columns("arrow", arrow, summary)
    nested = pandas.json_normalize([json.loads(line) for line in (folder / "flows.ndjson").open()])
    found = {
        "duckdb parquet": by_duckdb(f"'{folder}/flows.parquet'", '"network.protocol"'),
        "duckdb csv": by_duckdb(f"'{folder}/flows.csv'", '"network.protocol"'),
        "duckdb ndjson": by_duckdb(
            f"read_json('{folder}/flows.ndjson', format = 'newline_delimited')",
            "network.protocol",
            "network.packets",
            "network.bytes",
        ),
        "duckdb arrow": by_duckdb("arrow_table", '"network.protocol"') if duckdb.register("arrow_table", arrow) else None,
        "pyarrow parquet": by_pandas(parquet.to_pandas()),
        "pyarrow arrow": by_pandas(arrow.to_pandas()),
        "pandas parquet": by_pandas(pandas.read_parquet(folder / "flows.parquet")),
        "pandas feather": by_pandas(pandas.read_feather(folder / "flows.arrow")),
        "pandas csv": by_pandas(pandas.read_csv(folder / "flows.csv")),
        "pandas ndjson": by_pandas(nested),
        "zat": by_zat(folder / "conn.log"),
    }
    for name, sums in found.items():
        assert sums == expected(summary), (name, sums, expected(summary))


main()
