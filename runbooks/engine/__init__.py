"""The only way anything changes: `handle` what people ask, `advance` what is due."""
