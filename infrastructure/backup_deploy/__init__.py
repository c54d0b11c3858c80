"""Deploys the DynamoDB backup: the logic behind deploy.sh. Needs Python 3.9 and the AWS CLI, nothing else."""
