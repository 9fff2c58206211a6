"""The least that Python needs for the job without any help: requests, ``json.loads``, ``json.dumps``."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

import requests

from tap_servicetitan.catalog.endpoints import BY_NAME

TIMEOUT = 60


def main(settings: str) -> None:
    """Write the RECORD lines of a feed; the settings are those of the SDK tap."""
    config = json.loads(Path(settings).read_text(encoding="utf-8"))
    stream = config["stream"]
    url = config["api_url"] + BY_NAME[stream].url.format(tenant=config["tenant_id"])
    with requests.Session() as session:
        token: str | None = ""
        while token is not None:
            page = json.loads(session.get(url, params={"from": token}, timeout=TIMEOUT).content)
            extracted = datetime.now(UTC).isoformat()
            for row in page["data"]:
                message = {"type": "RECORD", "stream": stream, "record": row, "time_extracted": extracted}
                sys.stdout.write(json.dumps(message) + "\n")
            token = page.get("continueFrom")


if __name__ == "__main__":
    main(sys.argv[1])
