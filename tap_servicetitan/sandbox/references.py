"""What fields refer to, by their names: which stream, or which rows that no endpoint gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import CUSTOMIZED

if TYPE_CHECKING:
    from collections.abc import Mapping

USERS = "users"
"""Employees and technicians, who are users with ids of their own."""
SKUS = ("services", "materials", "equipment")

REFERENCES: Mapping[str, str] = {
    "accountManagerId": "employees",
    "activityCodeId": "activity_codes",
    "activityTypeId": "activity_types",
    "assignedById": USERS,
    "billingServiceId": "services",
    "billingTemplateId": "invoice_templates",
    "bookingProviderId": "booking_provider_tags",
    "budgetCodeId": "wbs_budget_codes",
    "businessUnitId": "business_units",
    "businessUnitIds": "business_units",
    "callReasonId": "call_reasons",
    "campaignId": "campaigns",
    "canceledById": USERS,
    "costTypeId": "material_cost_types",
    "creditCardPayableAccountId": "gl_accounts",
    "createdById": USERS,
    "defaultCampaignId": "campaigns",
    "defaultRateSheetId": "client_specific_pricing",
    "defaultTagTypeIds": "tag_types",
    "employeeTaskResolutionId": "task_resolutions",
    "employeeTaskSourceId": "task_sources",
    "employeeTaskTypeId": "task_types",
    "fromLocationId": "warehouses",
    "generalLedgerAccountId": "gl_accounts",
    "inventoryLocationId": "warehouses",
    "invoiceTemplateForFollowingYearsId": "invoice_templates",
    "invoiceTemplateId": "invoice_templates",
    "jobTypeId": "job_types",
    "mainZoneId": "zones",
    "managerId": "employees",
    "membershipTypeId": "membership_types",
    "modifiedById": USERS,
    "negativeLiabilityServiceId": "services",
    "paymentTermId": "payment_terms",
    "paymentTypeId": "payment_types",
    "payrollBusinessUnitId": "business_units",
    "pickedById": USERS,
    "positiveIncomeServiceId": "services",
    "preferredTechnicianIds": "technicians",
    "projectManagerIds": "employees",
    "projectTypeId": "project_types",
    "rateSheetId": "client_specific_pricing",
    "reasonId": "job_cancel_reasons",
    "receivedById": USERS,
    "recurringServiceTypeId": "recurring_service_types",
    "renewalMembershipTaskId": "services",
    "returnTypeId": "return_types",
    "roleIds": "user_roles",
    "rootId": "services",
    "itemGroupRootId": "services",
    "statusId": "project_statuses",
    "subStatusId": "project_substatuses",
    "tagTypeIds": "tag_types",
    "tagTypes": "tag_types",
    "taxZoneId": "tax_zones",
    "toLocationId": "trucks",
    "uncategorizedExpenseAccountId": "gl_accounts",
    "vendorId": "vendors",
    "visibleToRoles": "user_roles",
    "zoneId": "zones",
    "zoneIds": "zones",
}
"""The stream that a field of this name refers to, wherever it stands."""

REFERENCES_OF: Mapping[tuple[str, str], str] = {
    ("activity_types", "categoryId"): "activity_categories",
    ("equipment_systems", "tags.typeId"): "tag_types",
    ("equipment", "categories"): "pricebook_categories",
    ("equipment", "equipmentMaterials.skuId"): "materials",
    ("equipment", "recommendations.skuId"): "services",
    ("equipment", "typeId"): "equipment_types",
    ("equipment", "upgrades"): "equipment",
    ("installed_equipment", "tags.typeId"): "tag_types",
    ("materials", "categories"): "pricebook_categories",
    ("payment_terms", "interestSettings.taskId"): "services",
    ("purchase_order_requests", "typeId"): "purchase_order_types",
    ("purchase_orders", "typeId"): "purchase_order_types",
    ("services", "recommendations"): "services",
    ("services", "serviceEquipment.skuId"): "equipment",
    ("services", "serviceMaterials.skuId"): "materials",
    ("services", "upgrades"): "services",
    ("services_list", "recommendations"): "services",
    ("services_list", "serviceEquipment.skuId"): "equipment",
    ("services_list", "serviceMaterials.skuId"): "materials",
    ("services_list", "upgrades"): "services",
    ("teams", "createdBy"): USERS,
    ("zones", "businessUnits"): "business_units",
    ("zones", "createdBy"): USERS,
    ("zones", "technicians"): "technicians",
}
"""The stream that one field of one stream refers to, where the name alone does not tell."""

EMBEDDED: Mapping[str, str] = {
    "agent": "employees",
    "assetAccount": "gl_accounts",
    "businessUnit": "business_units",
    "campaign": "campaigns",
    "costOfSaleAccount": "gl_accounts",
    "creditAccount": "gl_accounts",
    "customFields": "custom_fields",
    "debitAccount": "gl_accounts",
    "expensesGeneralLedgerAccount": "gl_accounts",
    "generalLedgerAccount": "gl_accounts",
    "inventoryLocation": "warehouses",
    "paymentType": "payment_types",
    "reason": "call_reasons",
    "revenueGeneralLedgerAccount": "gl_accounts",
    "salesTaxCode": "tax_zones",
    "taxZone": "tax_zones",
    "vendor": "vendors",
}
"""Objects of id and name that stand for a row of another stream."""

EMBEDDED_OF: Mapping[tuple[str, str], str] = {
    **{(stream, "customFields"): f"{entity}_custom_fields" for stream, entity in CUSTOMIZED.items()},
    ("ap_payments", "glAccount"): "gl_accounts",
    ("campaigns", "category"): "marketing_categories",
    ("installed_equipment_details", "customFields"): "installed_equipment_custom_fields",
    ("installed_equipment_details", "type"): "equipment_types",
    ("services_list", "categories"): "pricebook_categories",
    ("installed_equipment", "type"): "equipment_types",
    ("services", "categories"): "pricebook_categories",
}
"""The same, where the name alone does not tell."""

# Ids whose rows no endpoint gives: they are numbers of the tenant's own.
LOOSE = frozenset({
    "agentId", "appliedId", "batchId", "defaultDocumentTemplateId", "dismissingReasonId", "followUpCustomStatusId",
    "laborTypeId", "originalTemplateId", "overtimeProfileId", "paymentMethodId", "payrollProfileId",
})  # fmt: skip


def embedded(stream: str, path: str) -> str | None:
    """Name the stream that an object stands for, if it does."""
    return EMBEDDED_OF.get((stream, path)) or EMBEDDED.get(path.rpartition(".")[2])


def target_of(stream: str, path: str) -> str | None:
    """Name the stream that a field refers to, if it is one that exists from the first day on."""
    return REFERENCES_OF.get((stream, path)) or REFERENCES.get(path.rpartition(".")[2])
