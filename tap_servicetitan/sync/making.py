"""What makes the records of a stream, as its catalog and the settings want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.catalog.schema import END_MARKER
from tap_servicetitan.errors import NonConformingPageError
from tap_servicetitan.records.factory import RecordFactory
from tap_servicetitan.records.passthrough import Passthrough

if TYPE_CHECKING:
    from tap_servicetitan.readers.source import Source
    from tap_servicetitan.sync.sdk import SdkStream


def record_factory(stream: SdkStream, source: Source, *, passes_through: bool) -> RecordFactory:
    """Make what makes the records of a stream.

    Args:
        stream: The stream, with its catalog.
        source: What it reads.
        passes_through: Whether records may be passed on as they came.
    """
    tenant = {name: int(source.session.tenant_id) for name in source.tenant_key}
    if source.waits_for_rows:
        return RecordFactory(row=source.row, logger=stream.logger, tenant=tenant, masking=source.masking)
    return RecordFactory(
        row=source.row,
        logger=stream.logger,
        tenant=tenant,
        masking=source.masking,
        # A catalog that is older than the setting does not have the column.
        columns=[one for one in source.columns if one.name in stream.effective_schema["properties"]],
        passthrough=_passthrough(stream, source),
        is_plain=passes_through and _is_plain(stream),
        schema=stream.schema,
        end_fields=_end_fields(stream) if source.row.has_end_markers else (),
    )


def _end_fields(stream: SdkStream) -> list[str]:
    """Give the fields of an end marker; none where its column is not selected."""
    names = [name for name in stream.effective_schema["properties"] if stream.mask[("properties", name)]]
    return names if END_MARKER in names else []


def _passthrough(stream: SdkStream, source: Source) -> Passthrough | None:
    """Make what checks rows and passes them through; None where records are not the rows themselves."""
    row, masking = source.row, source.masking
    if row.nested_records or row.scalar:
        return None
    window = row.window.fields if row.window else ()
    added = {"_key", "_line", END_MARKER, "tenantId", *row.links, *row.copied_fields, *window}
    try:
        found = Passthrough(
            stream.name,
            stream.effective_schema,
            is_selected=stream.mask.__getitem__,
            required=[name for name in row.key if name not in added],
            stamp=row.replication_key,
        )
        if masking:
            found.mask(masking)
    except NonConformingPageError:
        return None
    return found


def _is_plain(stream: SdkStream) -> bool:
    """Tell whether records are written as they are: no map, no flattening, no batch and no limit looks in."""
    return (
        stream.ABORT_AT_RECORD_COUNT is None
        and stream.get_batch_config(stream.config) is None
        and not stream.config.get("flattening_enabled")
        and not stream.has_maps
    )
