"""Which texts of the API are amounts or quantities: the older models of accounting send numbers as texts."""

from __future__ import annotations

AMOUNTS = frozenset({
    "allocatedOtherCosts", "allocatedShipping", "allocatedTax", "amount", "appliedAmount", "balance", "billAmount",
    "cost", "discountTotal", "fullyLandedUnitCost", "memberPrice", "otherAmount", "postTaxCharge",
    "postTaxDiscountAmount", "preTaxCharge", "preTaxDiscountAmount", "price", "quantity", "salesTax", "shipping",
    "shippingAmount", "subTotal", "tax", "taxAmount", "total", "totalCost", "unappliedAmount", "unitPrice",
    "vendorInvoiceTotal",
})  # fmt: skip
"""Names of fields that are numbers wherever they stand; as texts, they could not be summed up in a warehouse."""
