"""THE table: every stream, a row each, with the reason on each row that deviates.

A row names what differs from the usual endpoint; what is usual is a default in `endpoint`.
Names, types and nullability of fields are facts, not decisions: see ``schemas/``.
"""

from __future__ import annotations

from tap_servicetitan.catalog.endpoint import WHOLE, Endpoint
from tap_servicetitan.catalog.rows import PAGE_SIZE, child, detail, export, listed, module, single, whole, windowed
from tap_servicetitan.catalog.window import AD_DAYS, COST_MONTHS, SESSION_MONTHS, Window

ENDPOINTS: tuple[Endpoint, ...] = (
    *module(
        "accounting",
        "/accounting/v2",
        export("invoices", large=True),
        export("invoice_items", large=True),
        export("payments", large=True),
        export("inventory_bills"),
        # Gives procurement bills unless asked for the others, and never both at once.
        listed("ap_bills", passes=("billType=Procurement", "billType=ApBill"), dated=True),
        listed("ap_credits", dated=True),
        listed("ap_payments", dated=True),
        listed("credit_memos", inactive="active=Any", dated=True),
        # Its filter is by creation, and items change: read whole.
        whole("credit_memo_items", "credit-memos/credit-memo-items", inactive="active=Any"),
        listed("bank_deposits", dated=True),
        listed("gl_accounts", inactive="active=Any"),
        listed("gl_account_types", "gl-accounts/types", inactive="active=Any"),
        # Leaves out empty entries unless asked. 500 is the documented maximum.
        listed("journal_entries", params={"empty": "Include"}, page_size=500, dated=True),
        listed("payment_terms"),
        whole("payment_types", inactive="active=Any"),
        listed("remittance_vendors", inactive="active=Any"),
        listed("tax_zones", inactive="active=Any"),
        listed("ap_bill_custom_fields", "ap-bills/custom-fields"),
        listed("ap_credit_custom_fields", "ap-credits/custom-fields"),
        listed("ap_payment_custom_fields", "ap-payments/custom-fields"),
        listed("credit_memo_custom_fields", "credit-memos/custom-fields"),
        listed(
            "inventory_bill_custom_fields",
            "inventory-bills/custom-fields",
            formerly="inventory_bills_custom_fields",
        ),
        listed("invoice_custom_fields", "invoices/custom-fields"),
        listed("payment_custom_fields", "payments/custom-fields"),
        # A transaction may join a deposit without a new modifiedOn of the deposit, as far as is known.
        child(
            "bank_deposit_transactions",
            "bank_deposits",
            "bank-deposits/{bankDepositId}/transactions",
            key=("bankDepositId", "id"),
            reread="sweep",
        ),
        # Lines have no id: they are numbered in the order of the answer. 500 is the documented maximum.
        child(
            "journal_entry_summaries",
            "journal_entries",
            "journal-entries/{journalEntryId}/summary",
            key=("journalEntryId", "_line"),
            page_size=500,
        ),
        # As journal_entry_summaries.
        child(
            "journal_entry_details",
            "journal_entries",
            "journal-entries/{journalEntryId}/details",
            key=("journalEntryId", "_line"),
            page_size=500,
        ),
        # One request for each invoice.
        child(
            "invoice_tasks", "invoices", "invoices/{invoiceId}/tasks", key=("taskId",), reread="sweep", selected=False
        ),
    ),
    *module(
        "crm",
        "/crm/v2",
        listed("booking_provider_tags"),
        export("bookings"),
        # The only place of a booking's phone and e-mail; one request for each booking.
        child("booking_contacts", "bookings", "bookings/{bookingId}/contacts", reread="sweep", selected=False),
        listed("contacts", dated=True),
        listed("contact_methods", "contacts/contact-methods", dated=True),
        single("contact_preferences", "contacts/preferences"),
        # One request for each contact.
        child(
            "contact_relationships", "contacts", "contacts/{contactId}/relationships", reread="sweep", selected=False
        ),
        # One request for each contact method.
        detail(
            "contact_method_preferences",
            "contact_methods",
            "contacts/{contactId}/contact-methods/{contactMethodId}/preferences",
            link={"contactId": "contactId", "contactMethodId": "id"},
            key=("contactMethodId", "name"),
            reread="sweep",
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
            cursor="modifiedOn",
            since="modifiedOnOrAfter",
            reread="sweep",
            selected=False,
        ),
        listed("customer_custom_fields", "customers/custom-fields", formerly="customers_custom_fields"),
        export("leads"),
        # As customer_notes.
        child(
            "lead_notes",
            "leads",
            "leads/{leadId}/notes",
            cursor="modifiedOn",
            since="modifiedOnOrAfter",
            reread="sweep",
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
            cursor="modifiedOn",
            since="modifiedOnOrAfter",
            reread="sweep",
            selected=False,
        ),
        listed("location_custom_fields", "locations/custom-fields", formerly="locations_custom_fields"),
        # The body is a technician's id or null, and nothing else; one request for each location.
        detail(
            "location_preferred_technicians",
            "locations",
            "locations/{locationId}/preferredtechnician",
            bare="technicianId",
            key=("locationId",),
            reread="sweep",
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
        whole("arrival_windows", inactive="active=Any"),
        single("arrival_window_configuration", "arrival-windows/configuration", key=("tenantId",)),
        single("business_hours", key=("tenantId",)),
        listed("non_job_appointments", inactive="activeOnly=false", dated=True),
        listed("teams", inactive="includeInactive=true"),
        listed("technician_shifts", inactive="active=Any", dated=True),
        listed("technician_skills", inactive="active=Any"),
        listed("zones", inactive="active=Any"),
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
            cursor=None,
            selected=False,
        ),
    ),
    *module(
        "equipment_systems",
        "/equipmentsystems/v2",
        export("installed_equipment"),
        # The only place of custom field values and attachments; one request for each item.
        detail(
            "installed_equipment_details",
            "installed_equipment",
            "installed-equipment/{id}",
            selected=False,
        ),
        # The filters by date are there, and the rows have no dates to take them from.
        whole(
            "installed_equipment_custom_fields",
            "installed-equipment/custom-field-types",
            params={"descending": "false"},
        ),
        listed("equipment_types", inactive="active=Any"),
    ),
    *module(
        "findings",
        "/findings/v2",
        listed("location_findings", inactive="active=Any", dated=True),
        # The only place of a finding's status and its estimates and jobs; one request for each finding.
        detail(
            "location_finding_details", "location_findings", "location-findings/{id}", reread="sweep", selected=False
        ),
        child(
            "location_finding_attachments",
            "location_findings",
            "location-findings/{locationFindingId}/attachments",
            reread="sweep",
            selected=False,
        ),
    ),
    *module(
        "forms",
        "/forms/v2",
        listed("forms", inactive="active=Any", params={"status": "Any"}),
        # Submissions are large: live clients ran out of memory with pages of 5,000.
        listed(
            "submissions",
            inactive="active=Any",
            params={"status": "Any"},
            cursor="submittedOn",
            since="submittedOnOrAfter",
            page_size=500,
            dated=True,
        ),
        # One request for each job.
        child("job_attachments", "jobs", "jobs/{jobId}/attachments", reread="sweep", selected=False),
    ),
    *module(
        "inventory",
        "/inventory/v2",
        export("adjustments"),
        export("purchase_orders"),
        export("returns"),
        export("transfers"),
        listed("inventory_templates", inactive="active=Any"),
        listed("purchase_order_requests", "purchase-orders/requests", dated=True),
        listed("purchase_order_markups"),
        listed("purchase_order_types", inactive="active=Any"),
        listed("receipts", inactive="active=Any", dated=True),
        # A public client's note gives 500 as the maximum.
        listed("return_types", inactive="activeOnly=false", page_size=500),
        listed("trucks", inactive="active=Any"),
        listed("vendors", inactive="active=Any"),
        listed("vendor_custom_fields", "vendors/custom-fields"),
        listed("warehouses", inactive="active=Any"),
    ),
    *module(
        "jbce",
        "/jbce/v2",
        listed("call_reasons", inactive="active=Any"),
    ),
    *module(
        "jpm",
        "/jpm/v2",
        export("jobs", large=True),
        export("projects"),
        # Has the parameter of appointment_assignments; its default differs between vendor pages.
        export("appointments", inactive="active=Any", large=True),
        # An append-only log without modifiedOn.
        export("job_canceled_logs", cursor="createdOn"),
        export("job_notes"),
        export("project_notes"),
        # An item is a job with its events; an event has an id, and no stamp of its change
        # (`date` is when the event happened, and may lie in the future).
        export("job_history", key=("jobId", "id"), cursor=None, explode="history", large=True),
        listed("job_cancel_reasons", inactive="active=Any"),
        listed("job_hold_reasons", inactive="active=Any"),
        # Sorts by another parameter than all others.
        listed("job_types", inactive="active=Any", params={"orderBy": "id", "orderByDirection": "asc"}),
        listed("job_custom_fields", "jobs/custom-fields"),
        listed("project_statuses"),
        listed("project_substatuses", inactive="active=Any", formerly="project_sub_statuses"),
        whole("project_types"),
        listed("project_custom_fields", "projects/custom-fields"),
        whole("wbs_budget_codes", "work-breakdown-structure/budget-codes"),
        whole("wbs_segments", "work-breakdown-structure/segments"),
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
            reread="sweep",
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
            reread="sweep",
            selected=False,
        ),
        # One request for each project.
        child(
            "wbs_project_budget_codes",
            "projects",
            "work-breakdown-structure/projects/{projectId}/budget-codes",
            key=("projectId", "id"),
            reread="sweep",
            selected=False,
        ),
        # A bare object, and 404 where a job has none; one request for each job.
        detail("job_booked_logs", "jobs", "jobs/{jobId}/booked-log", formerly="job_booked_log", selected=False),
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
            cursor="dateTime",
        ),
        # A snapshot of the warnings of this moment, without ids and without pages.
        single(
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
            cursor="date",
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
            cursor="date",
            formerly="adgroup_performance",
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
            cursor="date",
        ),
    ),
    *module(
        "marketing_reputation",
        "/marketingreputation/v2",
        # Any id may be null: a review is told by ServiceTitan's id, else the platform's, else by who wrote what when.
        listed(
            "reviews",
            key=("_key",),
            made_key=(
                ("internalId",),
                ("externalId", "platform"),
                ("platform", "address", "authorName", "publishDate", "review"),
            ),
            dated=True,
        ),
    ),
    *module(
        "marketing",
        "/marketing/v2",
        # Named by module: the pricebook has categories too.
        listed("marketing_categories", "categories"),
        # Costs of a month of a campaign; they have no dates of their own.
        whole("costs"),
        listed("campaigns", inactive="active=Any"),
        # Sums over the span that is asked for.
        windowed(
            "campaign_cost_summaries",
            "campaign-cost-summary",
            COST_MONTHS,
            records="items",
            key=("campaignId", "from"),
            cursor="from",
            selected=False,
        ),
        # As campaign_cost_summaries.
        windowed(
            "email_channel_costs",
            "email-channel-cost",
            COST_MONTHS,
            records=WHOLE,
            key=("tenantId", "from"),
            cursor="from",
            selected=False,
        ),
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
        listed("membership_custom_fields", "memberships/custom-fields"),
        # The rows of membership_types.recurringServices with their ids.
        detail(
            "membership_type_recurring_service_items",
            "membership_types",
            "membership-types/{membershipTypeId}/recurring-service-items",
            reread="always",
            selected=False,
        ),
        # The rows of membership_types.discounts with their ids.
        detail(
            "membership_type_discounts",
            "membership_types",
            "membership-types/{membershipTypeId}/discounts",
            reread="always",
            selected=False,
        ),
        # The rows of membership_types.durationBilling with their ids, and the inactive ones.
        detail(
            "membership_type_duration_billing_items",
            "membership_types",
            "membership-types/{membershipTypeId}/duration-billing-items",
            inactive="active=Any",
            reread="always",
            selected=False,
        ),
    ),
    *module(
        "payroll",
        "/payroll/v2",
        export("job_splits", "export/jobs/splits"),
        # The vendor reads one adjustment by id and employeeType: ids may repeat across the types.
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
        # Rows have no id and no modifiedOn, and a retired rate stands beside the one in force.
        whole(
            "location_rates",
            "locations/rates",
            inactive="active=Any",
            key=("locationId", "laborTypeCode", "createdOn"),
        ),
        listed("payrolls", inactive="active=Any", dated=True),
        listed("non_job_timesheets", inactive="active=Any", dated=True),
    ),
    *module(
        "pricebook",
        "/pricebook/v2",
        # Named by module: marketing has categories too.
        export("pricebook_categories", "export/categories", formerly="categories"),
        export("equipment", formerly="export_equipment"),
        export("services", formerly="export_services"),
        # The feed's rows and two fields more: calculatedPrice and useStaticPrices.
        listed("services_list", "services", inactive="active=Any", params={"calculatePrices": "true"}, selected=False),
        export("materials", formerly="export_materials"),
        whole("client_specific_pricing", "clientspecificpricing", inactive="active=Any"),
        listed("discounts_and_fees", inactive="active=Any"),
        whole("material_markups", "materialsmarkup", formerly="materials_markup"),
        single("material_cost_types", "materials/costtypes", records="data"),
    ),
    *module(
        "reporting",
        "/reporting/v2",
        whole("report_categories"),
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
        listed("estimate_items", "estimates/items", inactive="active=Any", dated=True),
        # One request for each estimate.
        detail(
            "estimate_status_changes",
            "estimates",
            "status/estimates/{estimateId}/changes",
            reread="sweep",
            selected=False,
        ),
        listed("estimate_templates", inactive="active=Any"),
        listed("proposal_templates", inactive="active=Any"),
        single("proposal_types", records="data", inactive="active=Any"),
    ),
    *module(
        "scheduling_pro",
        "/schedulingpro/v2",
        listed("schedulers", secret=("dataApiKey",)),
        # Sessions come and go without a change of their scheduler.
        child(
            "scheduler_sessions",
            "schedulers",
            "schedulers/{schedulerId}/sessions",
            cursor="modifiedOn",
            since="modifiedOnOrAfter",
            reread="always",
        ),
        # Sums over the span that is asked for.
        windowed(
            "scheduler_performance",
            "schedulers/{id}/performance",
            SESSION_MONTHS,
            parent="schedulers",
            records=WHOLE,
            key=("id", "sessionCreatedOnOrAfter"),
            cursor="sessionCreatedOnOrAfter",
        ),
        # No endpoint lists routers: their ids come from the settings.
        child(
            "router_sessions",
            "router_ids",
            "routers/{routerId}/sessions",
            cursor="modifiedOn",
            since="modifiedOnOrAfter",
            reread="always",
            selected=False,
        ),
        # As scheduler_performance, and as router_sessions.
        windowed(
            "router_performance",
            "routers/{id}/performance",
            SESSION_MONTHS,
            parent="router_ids",
            records=WHOLE,
            key=("id", "sessionCreatedOnOrAfter"),
            cursor="sessionCreatedOnOrAfter",
            selected=False,
        ),
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
        # Leaves out the roles of one kind of employee unless asked for all.
        whole("user_roles", inactive="active=Any", params={"employeeType": "All"}),
        # Pages are numbered from 0 (seen on a live tenant), of 500 rows at most; all three parameters are required.
        whole(
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
        listed("tasks", inactive="active=Any", params={"includeSubtasks": "true"}, dated=True),
        # One body of eight lists, of which three are streams of their own.
        single("task_management_data", "data", key=("tenantId",), selected=False),
        single("task_types", "data", records="taskTypes"),
        single("task_sources", "data", records="taskSources"),
        single("task_resolutions", "data", records="taskResolutions"),
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
        listed(
            "calls_list",
            "calls",
            inactive="active=Any",
            params={"sort": "Id"},
            lift={"modifiedOn": "leadCall.modifiedOn"},
            dated=True,
            selected=False,
        ),
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
