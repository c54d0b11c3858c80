"""What scripts/demo needs beside the product: tables with data, and a comparison that trusts nothing of ours."""
