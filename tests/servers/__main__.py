"""``python -m tests.servers``: a Kafka and an Elasticsearch for a person, until Ctrl-C."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.servers.java import ServerMissingError
from tests.servers.launch import start_elasticsearch, start_kafka
from tests.servers.process import Server, free_port, is_free

KAFKA_PORT = 9092
ELASTICSEARCH_PORT = 9200


def main(arguments: list[str] | None = None) -> int:
    """Run the servers; return the exit status."""
    options = _parser().parse_args(arguments)
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell's background job ignores the first by default
        signal.signal(ending, signal.default_int_handler)
    try:
        with ExitStack() as held:
            data = options.data or held.enter_context(_temporary())
            if not options.elasticsearch_only:
                _say("Starting Kafka (the first time it is fetched and unpacked) …")
                kafka = held.enter_context(start_kafka(data / "kafka", _port(options.kafka_port, KAFKA_PORT)))
                _ready(kafka, "FENGSHENG_KAFKA__BOOTSTRAP", "FENGSHENG_TEST_KAFKA")
            if not options.kafka_only:
                _say("Starting Elasticsearch …")
                elasticsearch = held.enter_context(
                    start_elasticsearch(
                        data / "elasticsearch", _port(options.elasticsearch_port, ELASTICSEARCH_PORT)
                    )
                )
                _ready(elasticsearch, "FENGSHENG_ELASTICSEARCH__URL", "FENGSHENG_TEST_ELASTICSEARCH")
            _say(f"Data in {data}{'' if options.data else ', removed at the end'}. Ctrl-C stops.")
            while True:
                signal.pause()
    except KeyboardInterrupt:
        _say("Stopped.")
        return 0
    except (ServerMissingError, RuntimeError, PermissionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


@contextmanager
def _temporary() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="fengsheng-") as folder:
        Path(folder).chmod(0o755)  # Elasticsearch may run as another user
        yield Path(folder)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    only = parser.add_mutually_exclusive_group()
    only.add_argument("--kafka-only", action="store_true", help="start no Elasticsearch")
    only.add_argument("--elasticsearch-only", action="store_true", help="start no Kafka")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the data here (default: a temporary folder)"
    )
    for name, port in (("kafka", KAFKA_PORT), ("elasticsearch", ELASTICSEARCH_PORT)):
        parser.add_argument(
            f"--{name}-port", type=int, metavar="PORT", help=f"default: {port}, or a free one if it is taken"
        )
    return parser


def _port(wanted: int | None, usual: int) -> int:
    if wanted is None:
        return usual if is_free(usual) else free_port()
    if not is_free(wanted):
        raise RuntimeError(f"port {wanted} of 127.0.0.1 is taken: choose another, or leave the option away")
    return wanted


def _ready(server: Server, setting: str, for_tests: str) -> None:
    about = f"ready in {server.started_in:.1f} s, process {server.process.pid}"
    _say(f"{server.name} at {server.address} ({about})")
    _say(f"  export {setting}={server.address}")
    _say(f"  export {for_tests}={server.address}")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
