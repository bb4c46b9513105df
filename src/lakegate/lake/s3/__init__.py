"""A lake in an S3 bucket. Everything in the house that knows boto3 stands here, and is imported where it is used."""
