"""THE table: every stream, a row each, with the reason on each row that deviates.

A row names what differs from the usual endpoint; what is usual is a default in `endpoint`.
Names, types and nullability of fields are facts, not decisions: see ``schemas/``.
"""

from __future__ import annotations

from tap_servicetitan.endpoint import Endpoint, MadeKey, export, module

ENDPOINTS: tuple[Endpoint, ...] = (
    *module(
        "accounting",
        "/accounting/v2",
        export("invoices"),
        export("invoice_items"),
        export("payments"),
        export("inventory_bills"),
    ),
    *module(
        "crm",
        "/crm/v2",
        export("bookings"),
        export("customers"),
        # A live client found one contact under several customers: the id alone is not unique.
        export("customer_contacts", "export/customers/contacts", key=("id", "customerId")),
        export("leads"),
        export("locations"),
        # As customer_contacts: one contact may belong to several locations.
        export("location_contacts", "export/locations/contacts", key=("id", "locationId")),
    ),
    *module(
        "customer_interactions",
        "/customer-interactions/v2",
        # Rows have no id: a technician is rated once for a job.
        export("technician_ratings", key=("technicianId", "jobId")),
    ),
    *module(
        "dispatch",
        "/dispatch/v2",
        # The one feed that hides inactive rows unless asked: its `active` defaults to True.
        export("appointment_assignments", params={"active": "Any"}),
    ),
    *module(
        "equipment_systems",
        "/equipmentsystems/v2",
        export("installed_equipment"),
    ),
    *module(
        "inventory",
        "/inventory/v2",
        export("adjustments"),
        export("purchase_orders"),
        export("returns"),
        export("transfers"),
    ),
    *module(
        "jpm",
        "/jpm/v2",
        export("jobs"),
        export("projects"),
        # Has the parameter of appointment_assignments; its default differs between vendor pages.
        export("appointments", params={"active": "Any"}),
        # An append-only log without modifiedOn.
        export("job_canceled_logs", cursor="createdOn"),
        export("job_notes"),
        export("project_notes"),
        # An item is a job with its events; an event has an id, and no stamp of its change
        # (`date` is when the event happened, and may lie in the future).
        export("job_history", key=("jobId", "id"), cursor=None, explode="history"),
    ),
    *module(
        "memberships",
        "/memberships/v2",
        export("membership_types"),
        export("recurring_service_types"),
        export("memberships", formerly="memberships_export"),
        export("invoice_templates"),
        export("recurring_services"),
        export("recurring_service_events"),
        # An append-only log without modifiedOn.
        export("membership_status_changes", cursor="createdOn"),
    ),
    *module(
        "payroll",
        "/payroll/v2",
        export("job_splits", "export/jobs/splits"),
        # The vendor reads one adjustment by id and employeeType: ids may repeat across the types.
        export("payroll_adjustments", key=("id", "employeeType")),
        export("job_timesheets", "export/jobs/timesheets"),
        export("activity_codes"),
        export("timesheet_codes"),
        # `id` is nullable, and many items share payrollId and date.
        export(
            "gross_pay_items",
            key=("_key",),
            made_key=MadeKey(
                field="id",
                fallback=(
                    "payrollId",
                    "employeeId",
                    "employeeType",
                    "date",
                    "grossPayItemType",
                    "sourceEntityId",
                    "activityCodeId",
                    "jobId",
                    "invoiceItemId",
                    "startedOn",
                ),
            ),
        ),
        # Rows have no id, and employees and technicians have ids of their own.
        export("payroll_settings", key=("employeeId", "employeeType")),
    ),
    *module(
        "pricebook",
        "/pricebook/v2",
        # Named by module: marketing has categories too.
        export("pricebook_categories", "export/categories", formerly="categories"),
        export("equipment", formerly="export_equipment"),
        export("services", formerly="export_services"),
        export("materials", formerly="export_materials"),
    ),
    *module(
        "salestech",
        "/sales/v2",
        # The vendor's /estimates/export is the deprecated twin of this feed.
        export("estimates"),
    ),
    *module(
        "service_agreements",
        "/service-agreements/v2",
        export("service_agreements"),
    ),
    *module(
        "settings",
        "/settings/v2",
        export("employees"),
        export("technicians"),
        export("business_units"),
        export("tag_types"),
    ),
    *module(
        "telecom",
        "/telecom/v2",
        export("calls"),
    ),
    *module(
        "timesheets",
        "/timesheets/v2",
        export("activities"),
        export("activity_categories"),
        export("activity_types"),
    ),
)

BY_NAME = {row.name: row for row in ENDPOINTS}

if len(BY_NAME) != len(ENDPOINTS):
    _twice = sorted({row.name for row in ENDPOINTS if row is not BY_NAME[row.name]})
    _msg = f"streams named twice in the table: {', '.join(_twice)}; a stream's name is unique"
    raise ValueError(_msg)
