"""The rows of a store that are nearest a query, found in one pass and constant memory."""
