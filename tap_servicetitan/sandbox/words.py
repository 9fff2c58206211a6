"""What a field of a name is likely to hold, whatever stream it stands in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_servicetitan.sandbox.catalogue import CITIES, MAKERS, NAMES, pools
from tap_servicetitan.sandbox.clock import DAY, HOUR
from tap_servicetitan.sandbox.draw import one_of
from tap_servicetitan.sandbox.pricebook import EQUIPMENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_servicetitan.sandbox.frame import Frame, Maker

_EQUIPMENT = tuple(EQUIPMENT)


def phone(draw: int, _: Frame) -> str:
    """Make up a phone number of the region."""
    return f"({919 + draw % 2 * 65}) 555-{draw // 7 % 10_000:04d}"


def email(draw: int, _: Frame) -> str:
    """Make up an address."""
    first, last = one_of(pools().first_names, draw), one_of(pools().last_names, draw >> 20)
    return f"{first}.{last}@example.com".lower().replace(" ", "")


def _person(draw: int, _: Frame) -> str:
    return f"{one_of(pools().first_names, draw)} {one_of(pools().last_names, draw >> 20)}"


def _code(prefix: str) -> Maker:
    return lambda draw, _: f"{prefix}{draw % 900_000 + 100_000}"


def among(*choices: object) -> Maker:
    """Draw one of some values."""
    return lambda draw, _: one_of(choices, draw)


def instant(draw: int, frame: Frame) -> int:
    """Make up an instant, some days before the row was made."""
    return frame.created - draw % (20 * DAY) // HOUR * HOUR


_ACCOUNT = among(*NAMES["gl_accounts"])

BY_NAME: dict[str, Maker] = {
    "account": _ACCOUNT,
    "accountCode": _code("A-"),
    "accountName": among("Branch Account", "Contractor Account"),
    "alias": among("Product photo", "Spec sheet"),
    "assetAccount": _ACCOUNT,
    "barcodeId": _code("BC"),
    "bio": among("Licensed and background checked.", "Ten years in the trade."),
    "businessUnitName": lambda draw, frame: frame.directory.name("business_units", draw % 7),
    "captureSource": among("Call", "Website", "Chat"),
    "checkNumber": lambda draw, _: str(1_000 + draw % 9_000),
    "city": lambda draw, _: one_of(CITIES, draw),
    "color": lambda draw, _: f"#{draw % 0xFFFFFF:06x}",
    "costOfSaleAccount": _ACCOUNT,
    "country": among("USA"),
    "createdBy": lambda draw, frame: frame.directory.name("employees", draw % frame.directory.sizes["employees"]),
    "crossSaleGroup": among("Comfort", "Protection"),
    "currency": among("USD"),
    "customerPo": _code("PO-"),
    "depositPercent": among(0.0, 25.0, 50.0),
    "detailType": among("Income", "Cost of Goods Sold", "Other Current Assets"),
    "externalId": _code("EXT-"),
    "fileName": _code("IMG_"),
    "firstName": lambda draw, _: one_of(pools().first_names, draw),
    "generalLedgerAccountName": _ACCOUNT,
    "hours": lambda draw, _: (1 + draw % 12) / 2,
    "inventoryLocation": among("Main Warehouse", "East Shop"),
    "inventoryStatus": among("Consumed", "Pending"),
    "isPaused": lambda _, __: False,
    "jobTypeName": among(*NAMES["job_types"]),
    "key": among("CRM-Id", "ERP-Id", "Source"),
    "lastName": lambda draw, _: one_of(pools().last_names, draw),
    "latitude": lambda draw, _: round(35.6 + draw % 4_000 / 10_000, 6),
    "leadCity": lambda draw, _: one_of(CITIES, draw),
    "leadCustomerName": _person,
    "leadState": among("NC"),
    "leadStreet": lambda draw, _: one_of(pools().streets, draw),
    "leadZip": lambda draw, _: str(27_501 + draw % 115),
    "loginName": lambda draw, frame: email(draw, frame).partition("@")[0],
    "longitude": lambda draw, _: round(-79.1 + draw % 7_000 / 10_000, 6),
    "manufacturer": lambda draw, _: one_of(MAKERS, draw),
    "model": _code("M"),
    "number": lambda draw, _: str(draw % 90_000 + 10_000),
    "phoneNumber": phone,
    "quantity": lambda draw, _: float(1 + draw % 4),
    "recordingUrl": lambda draw, _: f"https://recordings.example.com/{draw % 10**9}.mp3",
    "recurrenceDaysOfMonth": lambda draw, _: 1 + draw % 28,
    "referenceNumber": _code("REF-"),
    "serialNumber": _code("SN"),
    "shiftEnd": among("17:00:00", "18:30:00"),
    "shiftStart": among("07:00:00", "08:00:00"),
    "skuAccount": _ACCOUNT,
    "skuType": among("Material", "Equipment"),
    "soldHours": lambda draw, _: (1 + draw % 12) / 2,
    "source": among("Website", "Phone", "Import"),
    "state": among("NC"),
    "status": among("Pending", "Received"),
    "street": lambda draw, _: one_of(pools().streets, draw),
    "streetAddress": lambda draw, _: one_of(pools().streets, draw),
    "syncStatus": among("Pending", "Posted", "Exported"),
    "tag": among("", "Follow up", "VIP"),
    "taxRate": among(0.0725, 0.0675),
    "team": among("Plumbing A", "Plumbing B", "Comfort"),
    "technicianName": _person,
    "termName": among("Due Upon Receipt", "Net 15", "Net 30"),
    "type": among("Income", "Expense", "Asset"),
    "unit": lambda draw, _: f"Apt {draw % 40 + 1}",
    "unitOfMeasure": among("Each", "Foot", "Box"),
    "url": lambda draw, _: f"https://files.example.com/{draw % 10**9}.jpg",
    "value": lambda draw, _: str(draw % 9_000 + 1_000),
    "vendorName": lambda draw, frame: frame.directory.name("vendors", draw % 8),
    "vendorPart": _code("VP"),
    "voiceMailPath": lambda draw, _: f"https://recordings.example.com/voicemail/{draw % 10**9}.mp3",
    "zip": lambda draw, _: str(27_501 + draw % 115),
}
_VERSION: Maker = lambda draw, _: f"{draw % 40 + 90}.0"  # noqa: E731 - as short as its neighbors
_CLICK: Maker = lambda draw, _: f"Cj0K{draw:016x}"  # noqa: E731 - as short as its neighbors
BY_NAME |= {
    "acknowledgementParagraph": among("I have received the work described above."),
    "activeIngredients": among("None"),
    "adGroupName": among("Emergency", "Install", "Maintenance"),
    "activity": among("Working", "Driving", "Meeting"),
    "appliedBy": _person,
    "assigneeName": _person,
    "authorizationParagraph": among("I authorize the work described above at the price given."),
    "blockerToBookAdditionalData": among("Outside of the service area", "No slot on the chosen day"),
    "blockerType": among("ServiceArea", "NoAvailability"),
    "bookedFrom": among("Website", "Google Profile"),
    "browserName": among("Chrome", "Safari", "Edge", "Firefox"),
    "browserVersion": _VERSION,
    "budgetCostType": among("Material", "Labor", "Equipment"),
    "businessUnit": among(*NAMES["business_units"]),
    "campaignName": among(*NAMES["campaigns"]),
    "campaignPhoneNumbers": phone,
    "category": among("Plumbing", "HVAC", "Electrical"),
    "class": among("Service", "Install", "Maintenance"),
    "cpuArchitecture": among("amd64", "arm64"),
    "defaultEstimateSoldAction": among("BookJob", "None"),
    "defaultMemo": among("Entered by the office.", "From the time clock."),
    "deliveryOption": among("Pickup", "Delivery"),
    "deviceModel": among("iPhone", "Pixel 8", "Galaxy S23", "MacBook"),
    "deviceVendor": among("Apple", "Google", "Samsung"),
    "dispatchFeeQuoted": among("49.00", "89.00"),
    "engineName": among("Blink", "WebKit", "Gecko"),
    "engineVersion": _VERSION,
    "excusedReason": among("Wrong number", "Vendor"),
    "fax": phone,
    "fbclid": _CLICK,
    "gbpName": among("Sandbox Plumbing - Raleigh", "Sandbox Plumbing - Durham"),
    "gbraid": _CLICK,
    "gclid": _CLICK,
    "icon": among("wrench", "truck", "clock"),
    "intacctClass": among("Service", "Install"),
    "intacctDepartment": among("Plumbing", "HVAC", "Electrical"),
    "intacctLocationName": among("Raleigh", "Durham"),
    "invoiceHeader": among("Thank you for your business!"),
    "invoiceMessage": among("Payment is due upon receipt.", "Ask about our membership plans."),
    "keywordName": among("plumber near me", "ac repair raleigh", "water heater replacement"),
    "leadCountry": among("USA"),
    "leadUnit": lambda draw, _: f"Apt {draw % 40 + 1}",
    "marketingSource": among("google", "facebook", "newsletter"),
    "materialSku": among("MATERIALS"),
    "medium": among("Online", "Print", "Radio", "Referral"),
    "membershipInterest": among("Yes", "No"),
    "modifiedBy": _person,
    "msclkid": _CLICK,
    "options": among("Pass", "Fail", "Not applicable"),
    "osName": among("iOS", "Android", "Windows", "macOS"),
    "osVersion": lambda draw, _: f"{draw % 8 + 10}",
    "otherMedium": among("Banner", "Flyer"),
    "otherSource": among("Home show", "Yard sign"),
    "priority": among("Low", "Normal", "High"),
    "projectLabel": among("Phase 1", "Phase 2", "Punch List"),
    "projectLabels": among("Phase 1", "Phase 2"),
    "proposalTagName": among("Good", "Better", "Best"),
    "quickbooksClass": among("Service", "Install"),
    "refusalReason": among("Customer declined."),
    "salesTaxItem": among("NC State", "County"),
    "shipToDescription": among("Main Warehouse", "Job site"),
    "sid": lambda draw, _: f"CA{draw:016x}",
    "skills": among("Gas", "Backflow", "EPA 608", "Journeyman"),
    "sourcedFromMarketingPro": among("false", "true"),
    "subtype": among("Sales of Product Income", "Supplies", "Inventory"),
    "taskDisplayName": among("Late Fee"),
    "tradeName": among("Plumbing", "HVAC", "Electrical"),
    "userAgent": among("Mozilla/5.0 (iPhone)", "Mozilla/5.0 (Windows NT 10.0)"),
    "utmAdgroup": among("emergency", "install"),
    "utmCampaign": among("spring-tune-up", "water-heaters", "brand"),
    "utmContent": among("headline-a", "headline-b"),
    "utmMedium": among("cpc", "email", "organic"),
    "utmSource": among("google", "bing", "facebook"),
    "utmTerm": among("plumber near me", "ac repair"),
    "wbraid": _CLICK,
}
BY_PARENT: Mapping[str, Maker] = {
    "adGroup": among("Emergency", "Install", "Maintenance"),
    "assignedTo": _person,
    "batch": lambda draw, _: f"Batch {draw % 900 + 100}",
    "canceledBy": _person,
    "createdBy": _person,
    "customer": _person,
    "customerLocation": _person,
    "division": among("Residential", "Commercial"),
    "employeeInfo": _person,
    "exportedBy": _person,
    "externalLinks": among("Financing offer", "Proposal"),
    "externalObjects": among("QuickBooks", "Intacct"),
    "invoiceType": among("Service", "Install", "Maintenance", "Membership"),
    "keyword": among("plumber near me", "ac repair raleigh"),
    "location": _person,
    "remittanceVendor": lambda draw, frame: frame.directory.name("remittance_vendors", draw % 4),
    "remittanceVendorInfo": lambda draw, frame: frame.directory.name("remittance_vendors", draw % 4),
    "skills": among("Gas", "Backflow", "EPA 608", "Journeyman"),
    "tenant": among("Sandbox Plumbing, Heating & Electrical"),
    "trade": among("Plumbing", "HVAC", "Electrical"),
    "unitOfMeasure": among("Each", "Foot", "Box"),
}
"""What the name within an object of a name is."""
CUSTOM_VALUES: Mapping[str, Maker] = {
    "Gate Code": lambda draw, _: f"#{draw % 9_000 + 1_000}",
    "Home Warranty": among("Yes", "No"),
    "Permit Number": _code("P-"),
    "Preferred Contact Time": among("Mornings", "After 5 pm", "Any time"),
    "System Age": lambda draw, _: f"{draw % 22 + 1} years",
}
"""What custom fields of these names hold."""
MEMOS: Mapping[str, Maker] = {
    "accounting": among(
        "Per statement.", "Corrected by the office.", "Customer asked for a copy.", "Approved by phone."
    ),
    "inventory": among("Weekly stock order.", "For the van.", "Deliver to the main warehouse.", "Counted twice."),
    "memberships": among("Sold at the door.", "Renewed by phone.", "Prefers visits in the morning."),
    "payroll": among("Entered by the office.", "Approved by the manager.", "From the time clock."),
    "pricebook": among("Ships in two days.", "Order by the box.", "Ask for the contractor price."),
    "timesheets": among("Entered by the office.", "From the time clock."),
}
"""What a memo is about, by module, where it is not about work at a customer's."""
BY_ENDING: tuple[tuple[tuple[str, ...], Maker], ...] = (
    (("email", "Email"), email),
    (("phone", "Phone"), phone),
    (("Url", "url", "image", "Images", "Videos"), BY_NAME["url"]),
    (("FullName", "customerName", "authorName", "locationName", "assignedToName"), _person),
    (("Name", "name"), lambda draw, _: one_of(_EQUIPMENT, draw)),
    (("Amount", "Costs", "Shipping", "Tax", "Total"), lambda draw, _: f"{draw % 4_000 / 100:.2f}"),
    (("code", "Code", "Number", "Id"), _code("C")),
)
