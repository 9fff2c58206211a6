"""Figures that exist only for the span of time that they are requested for."""
