"""./deploy.sh sync: live sync of tables and buckets."""
