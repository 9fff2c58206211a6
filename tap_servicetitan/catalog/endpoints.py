"""THE table: every stream, a row each, with the reason on each row that deviates.

A row names what differs from the usual endpoint; what is usual is a default in `endpoint` and `rows`.
Names, types and nullability of fields are facts, not decisions: see ``schemas/``.
"""

from __future__ import annotations

from tap_servicetitan.catalog.endpoint import BODY, Endpoint
from tap_servicetitan.catalog.rows import (
    PAGE_SIZE,
    child,
    child_object,
    export,
    full_list,
    incremental_list,
    module,
    unpaged,
    windowed,
)
from tap_servicetitan.catalog.window import AD_DAYS, COST_MONTHS, FLEET_DAYS, SESSION_MONTHS, Window

ENDPOINTS: tuple[Endpoint, ...] = (
    *module(
        "accounting",
        "/accounting/v2",
        export("invoices", large=True),
        export("invoice_items", large=True),
        export("payments", large=True),
        export("inventory_bills"),
        # Gives procurement bills unless asked for the others, and never both at once.
        incremental_list("ap_bills", passes=("billType=Procurement", "billType=ApBill"), start_date_applies=True),
        incremental_list("ap_credits", start_date_applies=True),
        incremental_list("ap_payments", start_date_applies=True),
        incremental_list("credit_memos", inactive="active=Any", start_date_applies=True),
        # Its filter is by creation, and items change: read whole.
        full_list("credit_memo_items", "credit-memos/credit-memo-items", inactive="active=Any"),
        incremental_list("bank_deposits", start_date_applies=True),
        incremental_list("gl_accounts", inactive="active=Any"),
        incremental_list("gl_account_types", "gl-accounts/types", inactive="active=Any"),
        # Two ids in one object; the accounts themselves are in gl_accounts.
        unpaged("well_known_gl_accounts", "gl-accounts/well-known", key=("tenantId",), selected=False),
        # Leaves out empty entries unless asked. 500 is the documented maximum.
        incremental_list("journal_entries", params={"empty": "Include"}, page_size=500, start_date_applies=True),
        # Fields, filter and page size are those of a public client; the name of the scope is inferred.
        incremental_list("expense_transactions", start_date_applies=True),
        incremental_list("payment_terms"),
        full_list("payment_types", inactive="active=Any"),
        incremental_list("remittance_vendors", inactive="active=Any"),
        incremental_list("tax_zones", inactive="active=Any"),
        incremental_list("ap_bill_custom_fields", "ap-bills/custom-fields"),
        incremental_list("ap_credit_custom_fields", "ap-credits/custom-fields"),
        incremental_list("ap_payment_custom_fields", "ap-payments/custom-fields"),
        incremental_list("credit_memo_custom_fields", "credit-memos/custom-fields"),
        # As expense_transactions.
        incremental_list(
            "expense_transaction_custom_fields",
            "expense-transactions/custom-fields",
            meltanolabs_name="expense_transactions_custom_fields",
        ),
        incremental_list(
            "inventory_bill_custom_fields",
            "inventory-bills/custom-fields",
            meltanolabs_name="inventory_bills_custom_fields",
        ),
        incremental_list("invoice_custom_fields", "invoices/custom-fields"),
        incremental_list("payment_custom_fields", "payments/custom-fields"),
        # A transaction may join a deposit without a new modifiedOn of the deposit, as far as is known. One request for
        # each deposit.
        child(
            "bank_deposit_transactions",
            "bank_deposits",
            "bank-deposits/{bankDepositId}/transactions",
            key=("bankDepositId", "id"),
            revisit="weekly",
            selected=False,
        ),
        # Lines have no id: they are numbered in the order of the answer. 500 is the documented maximum. One request
        # for each entry: a million entries take hours, and no list or feed has their lines.
        child(
            "journal_entry_summaries",
            "journal_entries",
            "journal-entries/{journalEntryId}/summary",
            key=("journalEntryId", "_line"),
            page_size=500,
            selected=False,
        ),
        # As journal_entry_summaries.
        child(
            "journal_entry_details",
            "journal_entries",
            "journal-entries/{journalEntryId}/details",
            key=("journalEntryId", "_line"),
            page_size=500,
            selected=False,
        ),
        # One request for each invoice.
        child(
            "invoice_tasks", "invoices", "invoices/{invoiceId}/tasks", key=("taskId",), revisit="weekly", selected=False
        ),
    ),
    *module(
        "crm",
        "/crm/v2",
        incremental_list("booking_provider_tags"),
        export("bookings"),
        # The only place of a booking's phone and e-mail; one request for each booking.
        child("booking_contacts", "bookings", "bookings/{bookingId}/contacts", revisit="weekly", selected=False),
        incremental_list("contacts", start_date_applies=True),
        incremental_list("contact_methods", "contacts/contact-methods", start_date_applies=True),
        unpaged("contact_preferences", "contacts/preferences"),
        # One request for each contact.
        child(
            "contact_relationships", "contacts", "contacts/{contactId}/relationships", revisit="weekly", selected=False
        ),
        # One request for each contact method.
        child_object(
            "contact_method_preferences",
            "contact_methods",
            "contacts/{contactId}/contact-methods/{contactMethodId}/preferences",
            link={"contactId": "contactId", "contactMethodId": "id"},
            key=("contactMethodId", "name"),
            revisit="weekly",
            selected=False,
        ),
        export("customers", large=True),
        # A live client found one contact under several customers: the id alone is not unique.
        export("customer_contacts", "export/customers/contacts", key=("id", "customerId")),
        # One request for each customer. Whether a note changes its customer's modifiedOn is not known.
        child(
            "customer_notes",
            "customers",
            "customers/{customerId}/notes",
            replication_key="modifiedOn",
            modified_since="modifiedOnOrAfter",
            revisit="weekly",
            selected=False,
        ),
        incremental_list(
            "customer_custom_fields", "customers/custom-fields", meltanolabs_name="customers_custom_fields"
        ),
        export("leads"),
        # As customer_notes.
        child(
            "lead_notes",
            "leads",
            "leads/{leadId}/notes",
            replication_key="modifiedOn",
            modified_since="modifiedOnOrAfter",
            revisit="weekly",
            selected=False,
        ),
        export("locations", large=True),
        # As customer_contacts: one contact may belong to several locations.
        export("location_contacts", "export/locations/contacts", key=("id", "locationId")),
        # As customer_notes.
        child(
            "location_notes",
            "locations",
            "locations/{locationId}/notes",
            replication_key="modifiedOn",
            modified_since="modifiedOnOrAfter",
            revisit="weekly",
            selected=False,
        ),
        incremental_list(
            "location_custom_fields", "locations/custom-fields", meltanolabs_name="locations_custom_fields"
        ),
        # The body is a technician's id or null, and nothing else; one request for each location.
        child_object(
            "location_preferred_technicians",
            "locations",
            "locations/{locationId}/preferredtechnician",
            scalar="technicianId",
            key=("locationId",),
            revisit="weekly",
            selected=False,
        ),
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
        export("appointment_assignments", inactive="active=Any", large=True),
        full_list("arrival_windows", inactive="active=Any"),
        unpaged("arrival_window_configuration", "arrival-windows/configuration", key=("tenantId",)),
        unpaged("business_hours", key=("tenantId",)),
        incremental_list("non_job_appointments", inactive="activeOnly=false", start_date_applies=True),
        incremental_list("teams", inactive="includeInactive=true"),
        incremental_list("technician_shifts", inactive="active=Any", start_date_applies=True),
        incremental_list("technician_skills", inactive="active=Any"),
        incremental_list("zones", inactive="active=Any"),
        # How much can still be booked in the next 14 days, the most that the API looks ahead (seen on live tenants).
        windowed(
            "capacities",
            "capacity",
            Window(start="startsOnOrAfter", end="endsOnOrBefore", unit="day", ahead=14),
            method="POST",
            params={"skillBasedAvailability": "false"},
            records="availabilities",
            key=("_key",),
            made_key=(("startUtc", "endUtc", "businessUnitIds"),),
            replication_key=None,
            selected=False,
        ),
    ),
    *module(
        "equipment_systems",
        "/equipmentsystems/v2",
        export("equipment_systems"),
        export("installed_equipment"),
        # The only place of custom field values and attachments; one request for each item.
        child_object(
            "installed_equipment_details",
            "installed_equipment",
            "installed-equipment/{id}",
            selected=False,
        ),
        # The filters by date are there, and the rows have no dates to take them from.
        full_list(
            "installed_equipment_custom_fields",
            "installed-equipment/custom-field-types",
            params={"descending": "false"},
        ),
        incremental_list("equipment_types", inactive="active=Any"),
    ),
    *module(
        "findings",
        "/findings/v2",
        incremental_list("location_findings", inactive="active=Any", start_date_applies=True),
        # The only place of a finding's status and its estimates and jobs; one request for each finding.
        child_object(
            "location_finding_details", "location_findings", "location-findings/{id}", revisit="weekly", selected=False
        ),
        child(
            "location_finding_attachments",
            "location_findings",
            "location-findings/{locationFindingId}/attachments",
            revisit="weekly",
            selected=False,
        ),
    ),
    *module(
        "fleet_pro",
        "/fleetpro/v2",
        # An add-on that few tenants have: the others answer 403 or 404.
        unpaged("fleet_vehicles", "vehicles", key=("vin",), selected=False),
        # POSTs that read, and need the scope to write; a request for each day and 50 vehicles. The documents name no
        # maximum of a page.
        windowed(
            "fleet_events",
            "events",
            FLEET_DAYS,
            method="POST",
            page_size=1_000,
            page_parameters=("pagination.pageNumber", "pagination.pageSize"),
            parent="fleet_vehicles",
            ids="vins",
            link={"vins": "vin"},
            copied_fields={"timestamp": "location.timestamp"},
            replication_key="timestamp",
            selected=False,
        ),
        # As fleet_events.
        windowed(
            "fleet_gps",
            "gps",
            FLEET_DAYS,
            method="POST",
            page_size=1_000,
            page_parameters=("pagination.pageNumber", "pagination.pageSize"),
            parent="fleet_vehicles",
            ids="vins",
            link={"vins": "vin"},
            copied_fields={"timestamp": "location.timestamp"},
            replication_key="timestamp",
            selected=False,
        ),
    ),
    *module(
        "forms",
        "/forms/v2",
        incremental_list("forms", inactive="active=Any", params={"status": "Any"}),
        # Submissions are large: live clients ran out of memory with pages of 5,000.
        incremental_list(
            "submissions",
            inactive="active=Any",
            params={"status": "Any"},
            replication_key="submittedOn",
            modified_since="submittedOnOrAfter",
            page_size=500,
            start_date_applies=True,
        ),
        # One request for each job. An attachment can be deleted, without a change of its job.
        child(
            "job_attachments",
            "jobs",
            "jobs/{jobId}/attachments",
            revisit="weekly",
            selected=False,
        ),
    ),
    *module(
        "inventory",
        "/inventory/v2",
        export("adjustments"),
        export("purchase_orders"),
        export("returns"),
        export("transfers"),
        incremental_list("inventory_templates", inactive="active=Any"),
        incremental_list("purchase_order_requests", "purchase-orders/requests", start_date_applies=True),
        incremental_list("purchase_order_markups"),
        incremental_list("purchase_order_types", inactive="active=Any"),
        incremental_list("receipts", inactive="active=Any", start_date_applies=True),
        # A public client's note gives 500 as the maximum.
        incremental_list("return_types", inactive="activeOnly=false", page_size=500),
        incremental_list("trucks", inactive="active=Any"),
        incremental_list("vendors", inactive="active=Any"),
        incremental_list("vendor_custom_fields", "vendors/custom-fields"),
        incremental_list("warehouses", inactive="active=Any"),
    ),
    *module(
        "jbce",
        "/jbce/v2",
        incremental_list("call_reasons", inactive="active=Any"),
    ),
    *module(
        "jpm",
        "/jpm/v2",
        export("jobs", large=True),
        export("projects"),
        # Has the parameter of appointment_assignments; its default differs between vendor pages.
        export("appointments", inactive="active=Any", large=True),
        # An append-only log without modifiedOn.
        export("job_canceled_logs", replication_key="createdOn"),
        export("job_notes"),
        export("project_notes"),
        # An item is a job with its events; an event has an id, and no stamp of its change
        # (`date` is when the event happened, and may lie in the future).
        export("job_history", key=("jobId", "id"), replication_key=None, nested_records="history", large=True),
        incremental_list("job_cancel_reasons", inactive="active=Any"),
        incremental_list("job_hold_reasons", inactive="active=Any"),
        # Sorts by another parameter than all others.
        incremental_list("job_types", inactive="active=Any", params={"orderBy": "id", "orderByDirection": "asc"}),
        # As project_custom_fields, answers 400 for a page 0 (seen by a client): the first is 1, as usual.
        incremental_list("job_custom_fields", "jobs/custom-fields"),
        incremental_list("project_statuses"),
        incremental_list("project_substatuses", inactive="active=Any", meltanolabs_name="project_sub_statuses"),
        full_list("project_types"),
        incremental_list("project_custom_fields", "projects/custom-fields"),
        full_list("wbs_budget_codes", "work-breakdown-structure/budget-codes"),
        full_list("wbs_segments", "work-breakdown-structure/segments"),
        child(
            "wbs_segment_items",
            "wbs_segments",
            "work-breakdown-structure/segments/{segmentId}/items",
            params={"includeChildren": "true"},
        ),
        # One request for each project.
        child(
            "wbs_project_segments",
            "projects",
            "work-breakdown-structure/projects/{projectId}/segments",
            key=("projectId", "id"),
            revisit="weekly",
            selected=False,
        ),
        # One request for each segment of each project.
        child(
            "wbs_project_segment_items",
            "wbs_project_segments",
            "work-breakdown-structure/projects/{projectId}/segments/{segmentId}/items",
            link={"projectId": "projectId", "segmentId": "id"},
            key=("projectId", "id"),
            params={"includeChildren": "true"},
            revisit="weekly",
            selected=False,
        ),
        # One request for each project.
        child(
            "wbs_project_budget_codes",
            "projects",
            "work-breakdown-structure/projects/{projectId}/budget-codes",
            key=("projectId", "id"),
            revisit="weekly",
            selected=False,
        ),
        # A bare object, and 404 where a job has none; one request for each job.
        child_object(
            "job_booked_logs", "jobs", "jobs/{jobId}/booked-log", meltanolabs_name="job_booked_log", selected=False
        ),
        # Only jobs on hold have a reason.
        child(
            "job_holds",
            "jobs",
            "jobs/hold-reasons",
            ids="ids",
            only=("jobStatus", "Hold"),
            key=("jobId",),
            page_size=None,
            selected=False,
        ),
    ),
    *module(
        "marketing_ads",
        "/marketingads/v2",
        # Rows have no id. A lead may be attributed days after its call.
        windowed(
            "attributed_leads",
            "attributed-leads",
            Window(start="fromUtc", end="toUtc", unit="month", look_back=1, sparse=True),
            page_size=PAGE_SIZE,
            key=("_key",),
            made_key=(
                ("dateTime", "leadType", "call.id", "booking.id", "leadForm.leadNumber", "job.id", "customer.id"),
            ),
            replication_key="dateTime",
        ),
        # A snapshot of the warnings of this moment, without ids and without pages.
        unpaged(
            "capacity_warnings",
            records="data",
            key=("_key",),
            made_key=(("campaignName", "warningType", "businessUnits"),),
        ),
        # Rows do not say their day, so each day is asked for.
        windowed(
            "campaign_performance",
            "performance",
            AD_DAYS,
            params={"performanceSegmentationType": "Campaign"},
            page_size=PAGE_SIZE,
            key=("_key",),
            made_key=(("date", "campaign.id", "campaign.externalId", "campaign.name"),),
            replication_key="date",
        ),
        # As campaign_performance.
        windowed(
            "ad_group_performance",
            "performance",
            AD_DAYS,
            params={"performanceSegmentationType": "AdGroup"},
            page_size=PAGE_SIZE,
            key=("_key",),
            made_key=(("date", "campaign.id", "campaign.externalId", "adGroup.id"),),
            replication_key="date",
            meltanolabs_name="adgroup_performance",
        ),
        # As campaign_performance. Ids of keywords repeat across ad groups.
        windowed(
            "keyword_performance",
            "performance",
            AD_DAYS,
            params={"performanceSegmentationType": "Keyword"},
            page_size=PAGE_SIZE,
            key=("_key",),
            made_key=(("date", "campaign.id", "campaign.externalId", "adGroup.id", "keyword.id"),),
            replication_key="date",
        ),
    ),
    *module(
        "marketing_reputation",
        "/marketingreputation/v2",
        # Any id may be null: a review is told by ServiceTitan's id, else the platform's, else by who wrote what when.
        incremental_list(
            "reviews",
            key=("_key",),
            made_key=(
                ("internalId",),
                ("externalId", "platform"),
                ("platform", "address", "authorName", "publishDate", "review"),
            ),
            start_date_applies=True,
        ),
    ),
    *module(
        "marketing",
        "/marketing/v2",
        # Named by module: the pricebook has categories too.
        incremental_list("marketing_categories", "categories"),
        # Costs of a month of a campaign; they have no dates of their own.
        full_list("costs"),
        incremental_list("campaigns", inactive="active=Any"),
        # Sums over the span that is asked for.
        windowed(
            "campaign_cost_summaries",
            "campaign-cost-summary",
            COST_MONTHS,
            records="items",
            key=("campaignId", "from"),
            replication_key="from",
            selected=False,
        ),
        # As campaign_cost_summaries.
        windowed(
            "email_channel_costs",
            "email-channel-cost",
            COST_MONTHS,
            records=BODY,
            key=("tenantId", "from"),
            replication_key="from",
            selected=False,
        ),
    ),
    *module(
        "memberships",
        "/memberships/v2",
        export("membership_types"),
        export("recurring_service_types"),
        export("memberships", meltanolabs_name="memberships_export"),
        export("invoice_templates"),
        export("recurring_services"),
        export("recurring_service_events"),
        # An append-only log without modifiedOn.
        export("membership_status_changes", replication_key="createdOn"),
        incremental_list("membership_custom_fields", "memberships/custom-fields"),
        # The rows of membership_types.recurringServices with their ids.
        child_object(
            "membership_type_recurring_service_items",
            "membership_types",
            "membership-types/{membershipTypeId}/recurring-service-items",
            revisit="always",
            selected=False,
        ),
        # The rows of membership_types.discounts with their ids.
        child_object(
            "membership_type_discounts",
            "membership_types",
            "membership-types/{membershipTypeId}/discounts",
            revisit="always",
            selected=False,
        ),
        # The rows of membership_types.durationBilling with their ids, and the inactive ones.
        child_object(
            "membership_type_duration_billing_items",
            "membership_types",
            "membership-types/{membershipTypeId}/duration-billing-items",
            inactive="active=Any",
            revisit="always",
            selected=False,
        ),
    ),
    *module(
        "payroll",
        "/payroll/v2",
        export("job_splits", "export/jobs/splits"),
        # The vendor reads one adjustment by id and employeeType: ids may repeat across the types. Whether one that is
        # deleted comes as inactive, or not at all, is not known.
        export("payroll_adjustments", key=("id", "employeeType")),
        export("job_timesheets", "export/jobs/timesheets", large=True),
        export("activity_codes"),
        export("timesheet_codes"),
        # `id` is nullable, and many items share payrollId and date.
        export(
            "gross_pay_items",
            large=True,
            key=("_key",),
            made_key=(
                ("id",),
                (
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
        # Rows have no id and no modifiedOn, and a retired rate stands beside the one in force. Targets round a time in
        # a key, or refuse it.
        full_list(
            "location_rates",
            "locations/rates",
            inactive="active=Any",
            key=("_key",),
            made_key=(("locationId", "laborTypeCode", "createdOn"),),
        ),
        incremental_list("payrolls", inactive="active=Any", start_date_applies=True),
        incremental_list("non_job_timesheets", inactive="active=Any", start_date_applies=True),
    ),
    *module(
        "pricebook",
        "/pricebook/v2",
        # Named by module: marketing has categories too.
        export("pricebook_categories", "export/categories", meltanolabs_name="categories"),
        export("equipment", meltanolabs_name="export_equipment"),
        export("services", meltanolabs_name="export_services"),
        # The feed's rows and two fields more: calculatedPrice and useStaticPrices.
        incremental_list(
            "services_list", "services", inactive="active=Any", params={"calculatePrices": "true"}, selected=False
        ),
        export("materials", meltanolabs_name="export_materials"),
        full_list("client_specific_pricing", "clientspecificpricing", inactive="active=Any"),
        incremental_list("discounts_and_fees", inactive="active=Any"),
        full_list("material_markups", "materialsmarkup", meltanolabs_name="materials_markup"),
        unpaged("material_cost_types", "materials/costtypes", records="data"),
    ),
    *module(
        "reporting",
        "/reporting/v2",
        full_list("report_categories"),
        # A report may stand in several categories.
        child(
            "reports",
            "report_categories",
            "report-category/{reportCategoryId}/reports",
            key=("reportCategoryId", "id"),
        ),
    ),
    *module(
        "salestech",
        "/sales/v2",
        # The vendor's /estimates/export is the deprecated twin of this feed.
        export("estimates", large=True),
        incremental_list("estimate_items", "estimates/items", inactive="active=Any", start_date_applies=True),
        # One request for each estimate.
        child_object(
            "estimate_status_changes",
            "estimates",
            "status/estimates/{estimateId}/changes",
            revisit="weekly",
            selected=False,
        ),
        # A client saw that only a deletion moves the modifiedOn of a template. There are few of them.
        full_list("estimate_templates", inactive="active=Any", timestamp_misses="changes of its items"),
        # As estimate_templates.
        full_list("proposal_templates", inactive="active=Any", timestamp_misses="changes of its estimates"),
        unpaged("proposal_types", records="data", inactive="active=Any"),
    ),
    *module(
        "scheduling_pro",
        "/schedulingpro/v2",
        incremental_list("schedulers", secret=("dataApiKey",)),
        # Sessions come and go without a change of their scheduler.
        child(
            "scheduler_sessions",
            "schedulers",
            "schedulers/{schedulerId}/sessions",
            replication_key="modifiedOn",
            modified_since="modifiedOnOrAfter",
            revisit="always",
        ),
        # Sums over the span that is asked for.
        windowed(
            "scheduler_performance",
            "schedulers/{id}/performance",
            SESSION_MONTHS,
            parent="schedulers",
            records=BODY,
            key=("id", "sessionCreatedOnOrAfter"),
            replication_key="sessionCreatedOnOrAfter",
        ),
        # No endpoint lists routers: their ids come from the settings.
        child(
            "router_sessions",
            "router_ids",
            "routers/{routerId}/sessions",
            replication_key="modifiedOn",
            modified_since="modifiedOnOrAfter",
            revisit="always",
            selected=False,
        ),
        # As scheduler_performance, and as router_sessions.
        windowed(
            "router_performance",
            "routers/{id}/performance",
            SESSION_MONTHS,
            parent="router_ids",
            records=BODY,
            key=("id", "sessionCreatedOnOrAfter"),
            replication_key="sessionCreatedOnOrAfter",
            selected=False,
        ),
    ),
    *module(
        "service_agreements",
        "/service-agreements/v2",
        export("service_agreements"),
        incremental_list(
            "service_agreement_custom_fields",
            "service-agreements/custom-fields",
            meltanolabs_name="service_agreements_custom_fields",
        ),
    ),
    *module(
        "settings",
        "/settings/v2",
        export("employees"),
        export("technicians"),
        export("business_units"),
        export("tag_types"),
        # Leaves out the roles of one kind of employee unless asked for all.
        full_list("user_roles", inactive="active=Any", params={"employeeType": "All"}),
        # Pages are numbered from 0 (seen on a live tenant), of 500 rows at most; all three parameters are required.
        full_list(
            "intacct_business_unit_mappings",
            "business-units/intacct",
            params={"includeTotal": "true"},
            page_size=500,
            first_page=0,
        ),
    ),
    *module(
        "task_management",
        "/taskmanagement/v2",
        incremental_list("tasks", inactive="active=Any", params={"includeSubtasks": "true"}, start_date_applies=True),
        # One body of eight lists, of which three are streams of their own.
        unpaged("task_management_data", "data", key=("tenantId",), selected=False),
        unpaged("task_types", "data", records="taskTypes"),
        unpaged("task_sources", "data", records="taskSources"),
        unpaged("task_resolutions", "data", records="taskResolutions"),
    ),
    *module(
        "telecom",
        "/telecom/v2",
        export("calls", large=True),
    ),
    *module(
        "telecom",
        "/telecom/v3",
        # The feed's rows and some fields more. Ascending is the default here, and a plus sign is not documented.
        incremental_list(
            "calls_list",
            "calls",
            inactive="active=Any",
            params={"sort": "Id"},
            copied_fields={"modifiedOn": "leadCall.modifiedOn"},
            start_date_applies=True,
            selected=False,
        ),
        # The numbers that opted out of messages, all in one response; one that left the list has opted in again. The
        # path was gone from the documents for some time: 404 where a tenant does not have it.
        unpaged("opt_outs", "optinouts/optouts", records="data", key=("contactNumber",), selected=False),
    ),
    *module(
        "timesheets",
        "/timesheets/v2",
        export("activities", large=True),
        export("activity_categories"),
        export("activity_types"),
    ),
)

BY_NAME = {row.name: row for row in ENDPOINTS}

if len(BY_NAME) != len(ENDPOINTS):
    _twice = sorted({row.name for row in ENDPOINTS if row is not BY_NAME[row.name]})
    _msg = f"streams named twice in the table: {', '.join(_twice)}; a stream's name is unique"
    raise ValueError(_msg)
