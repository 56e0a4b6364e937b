"""The worker loop: takes jobs, holds their leases and records their outcomes."""
