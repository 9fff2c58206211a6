"""The words of the trade: what a plumbing, heating and electrical contractor sells, and how it is organised."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from faker import Faker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CUSTOM_FIELDS = ("Gate Code", "Preferred Contact Time", "System Age", "Home Warranty", "Permit Number")
CUSTOMIZED: Mapping[str, str] = {
    "ap_bills": "ap_bill",
    "ap_credits": "ap_credit",
    "ap_payments": "ap_payment",
    "credit_memos": "credit_memo",
    "customers": "customer",
    "expense_transactions": "expense_transaction",
    "inventory_bills": "inventory_bill",
    "invoices": "invoice",
    "jobs": "job",
    "locations": "location",
    "memberships": "membership",
    "payments": "payment",
    "projects": "project",
    "service_agreements": "service_agreement",
    "vendors": "vendor",
}
"""Streams with custom fields that a list of their own defines, and what that list is named after."""
FORMS = ("Safety Checklist", "Water Heater Inspection", "HVAC Tune-Up", "Site Survey", "Retired Form", "Draft Form")
PREFERENCES = (("Appointment Reminders", "Boolean"), ("Marketing", "Boolean"), ("Review Requests", "Boolean"))
"""What a contact may want to hear about, with the type of the answer."""

NAMES: Mapping[str, tuple[str, ...]] = {
    "business_units": (
        "Plumbing - Service", "Plumbing - Install", "HVAC - Service", "HVAC - Install",
        "Electrical - Service", "Electrical - Install", "Commercial", "Drains & Sewer",
    ),
    "tag_types": (
        "VIP", "Do Not Service", "Financing", "Gate Code", "Dog on Site", "Warranty Call", "Member", "Recall",
        "Permit Needed", "Two Man Job", "Parts on Order", "Spanish Speaking", "Senior Discount", "Opportunity",
    ),
    "job_types": (
        "Drain Cleaning", "Water Heater Repair", "Water Heater Install", "Leak Repair", "Sewer Camera Inspection",
        "AC Tune-Up", "AC Repair", "AC Replacement", "Furnace Repair", "Furnace Replacement", "Panel Upgrade",
        "Outlet & Switch Repair", "EV Charger Install", "Toilet Repair", "Fixture Install", "Estimate Visit",
    ),
    "campaigns": (
        "Google Local Services", "Google Ads", "Website", "Yelp", "Referral", "Direct Mail - Spring", "Radio",
        "Truck Wrap", "Existing Customer", "Membership Renewal", "Facebook", "Nextdoor",
    ),
    "membership_types": (
        "Comfort Club", "Comfort Club Plus", "Plumbing Protection", "Whole Home Gold", "Whole Home Platinum",
        "Commercial Maintenance",
    ),
    "recurring_service_types": (
        "Spring AC Tune-Up", "Fall Furnace Tune-Up", "Annual Plumbing Inspection", "Water Heater Flush",
        "Electrical Safety Check", "Filter Change", "Drain Maintenance", "Backflow Test",
    ),
    "invoice_templates": (
        "AC Tune-Up Visit", "Furnace Tune-Up Visit", "Plumbing Inspection", "Water Heater Flush",
        "Safety Check", "Comfort Club Billing", "Gold Billing", "Platinum Billing",
    ),
    "pricebook_categories": (
        "Plumbing", "HVAC", "Electrical", "Water Heaters", "Drains", "Fixtures", "Repiping", "Air Conditioning",
        "Heating", "Indoor Air Quality", "Ductwork", "Panels & Breakers", "Lighting", "Wiring", "EV Charging",
        "Pipe & Fittings", "Refrigerant", "Filters", "Wire & Cable", "Hardware",
    ),
    "activity_codes": (
        "Regular Time", "Overtime", "Drive Time", "Commission", "Sales Commission", "Spiff", "Tool Reimbursement",
        "Mileage", "Bonus", "Training",
    ),
    "timesheet_codes": (
        "Shop Time", "Lunch", "Meeting", "Training", "Vacation", "Sick", "Holiday", "Clock In", "Jury Duty",
    ),
    "activity_categories": ("Job", "Travel", "Meal", "Training", "Paid Time Off", "Idle", "Other"),
    "activity_types": (
        "Working", "Driving", "Lunch", "Shop Work", "Supply House", "Toolbox Talk", "Ride Along", "Vacation",
        "Sick Leave", "Waiting", "Cleanup", "Warranty Work",
    ),
    "gl_accounts": (
        "Service Revenue", "Install Revenue", "Membership Revenue", "Materials Expense", "Equipment Expense",
        "Labor Expense", "Inventory Asset", "Accounts Receivable", "Undeposited Funds", "Sales Tax Payable",
    ),
    "tax_zones": ("Wake County", "Durham County", "Johnston County", "Tax Exempt"),
    "zones": ("North", "East", "South", "West", "Downtown", "Foothills"),
    "payment_types": ("Cash", "Check", "Visa", "MasterCard", "American Express", "ACH", "Financing"),
    "payment_terms": ("Due Upon Receipt", "Net 15", "Net 30"),
    "vendors": (
        "Ferguson", "Winsupply", "Hajoca", "Johnstone Supply", "Carrier Enterprise", "Graybar", "Home Depot Pro",
        "Lennox Stores",
    ),
    "warehouses": ("Main Warehouse", "East Shop", "Parts Cage"),
    "equipment_types": ("Water Heater", "Air Conditioner", "Furnace", "Heat Pump", "Air Handler", "Panel", "Softener"),
    "call_reasons": ("Price Shopping", "Wrong Number", "Outside Service Area", "No Availability", "Vendor Call"),
    "job_hold_reasons": ("Waiting for Parts", "Waiting for Permit", "Customer Not Ready", "Weather", "Financing"),
    "job_cancel_reasons": ("Customer Canceled", "Double Booked", "Went With Competitor", "Weather", "No Access"),
    "project_types": ("Remodel", "Replacement", "New Construction"),
    "project_statuses": ("New", "Quoted", "In Progress", "On Hold", "Completed"),
    "project_substatuses": ("Awaiting Permit", "Awaiting Parts", "Ready", "Punch List"),
    "purchase_order_types": ("Stock Replenishment", "Job Order", "Van Stock"),
    "return_types": ("Unused", "Defective", "Core"),
    "user_roles": ("Admin", "Dispatcher", "CSR", "Technician", "Accounting", "Sales"),
    "booking_provider_tags": ("Website Form", "Scheduling Pro", "Angi", "Thumbtack"),
    "wbs_budget_codes": ("01-100 Labor", "01-200 Material", "01-300 Equipment"),
    "material_cost_types": ("Material", "Subcontract", "Other Direct Cost"),
    "client_specific_pricing": ("Standard Sheet", "Commercial Sheet"),
    "custom_fields": CUSTOM_FIELDS,
    "teams": ("Plumbing A", "Plumbing B", "Comfort", "Night Shift"),
    "forms": FORMS,
    "schedulers": ("Website", "Google Profile", "Call Center"),
    "remittance_vendors": ("Ferguson Accounts", "Supply Partners Billing", "Graybar Remittance", "Old Supply Co"),
    "gl_account_types": ("Income", "Cost of Goods Sold", "Expense", "Asset", "Other Current Asset", "Equity"),
    "marketing_categories": ("Digital", "Print", "Referral", "Outdoor"),
    "report_categories": (
        "Operations", "Marketing", "Accounting", "Technician Dashboard", "Business Unit Dashboard",
    ),
    "proposal_types": ("Good Better Best", "Single Option", "Insurance"),
    "proposal_templates": ("Water Heater Proposal", "System Replacement Proposal", "Repipe Proposal"),
    "estimate_templates": ("50 gal Gas Heater", "Tankless Upgrade", "3 ton Split System", "Whole Home Repipe"),
    "inventory_templates": ("Plumber's Truck", "HVAC Truck", "Warehouse Minimum"),
    "purchase_order_markups": ("0", "100", "500", "1000"),
    "material_markups": ("0", "5", "50", "250", "1000"),
    "discounts_and_fees": (
        "Senior Discount", "Member Discount", "Trip Fee", "After Hours Fee", "Permit Fee", "Fuel Surcharge",
    ),
    "contact_preferences": tuple(name for name, _ in PREFERENCES),
    "arrival_windows": ("8", "10", "12", "14", "16"),
    "task_types": ("Follow Up", "Complaint", "Warranty Claim", "Refund Request", "Billing Question"),
    "task_sources": ("Phone", "E-mail", "Review", "Walk-in"),
    "task_resolutions": ("Resolved", "Refunded", "Rescheduled", "No Action"),
    "task_priorities": ("Low", "Normal", "High"),
    "installed_equipment_custom_fields": CUSTOM_FIELDS,
    **{f"{entity}_custom_fields": CUSTOM_FIELDS for entity in CUSTOMIZED.values()},
}  # fmt: skip
"""Names of what a tenant has few of, by stream."""

MAKERS = ("Rheem", "Bradford White", "Carrier", "Trane", "Lennox", "Goodman", "Navien", "Square D", "Moen", "Kohler")
NOTES = (
    "Customer prefers a call 30 minutes ahead.", "Gate code on file.", "Parts ordered, expect two days.",
    "Left voicemail.", "Replaced and tested, everything works.", "Recommended replacement within a year.",
    "Access through the side yard.", "Follow up on the estimate next week.", "Photos attached in the app.",
    "System is over 15 years old.", "Showed the customer what was done.", "Tested, all within range.",
)  # fmt: skip


FINDINGS = (
    ("Corroded Shutoff Valve", "Replace the valve."), ("Cracked Heat Exchanger", "Replace the furnace."),
    ("Low Refrigerant", "Find and mend the leak."), ("Double Tapped Breaker", "Add a circuit."),
    ("Slow Drain", "Clear and inspect by camera."),
)  # fmt: skip
REVIEWS = (
    "On time and friendly.", "Fixed it in an hour.", "Price was higher than quoted.", "Would call again.",
    "Left the place clean.", "Had to come back twice.",
)  # fmt: skip
TASKS = ("Send the permit", "Order the part", "Call back about the bill", "Check the warranty", "Schedule the return")


CITIES = (
    "Raleigh",
    "Cary",
    "Durham",
    "Apex",
    "Garner",
    "Wake Forest",
    "Holly Springs",
    "Clayton",
    "Morrisville",
    "Chapel Hill",
)


class Pools:
    """People and streets, drawn once from Faker: making a name for every row would take minutes."""

    def __init__(self, size: int = 400) -> None:
        """Draw the pools."""
        faker = Faker("en_US")
        faker.seed_instance(20_000)

        def some(make: Callable[[], str], count: int = size) -> tuple[str, ...]:
            return tuple(make() for _ in range(count))

        self.first_names = some(faker.first_name)
        self.last_names = some(faker.last_name)
        self.companies = some(faker.company, 150)
        self.streets = some(faker.street_address)


@functools.cache
def pools() -> Pools:
    """Return the pools, the same for every tenant of a process."""
    return Pools()
