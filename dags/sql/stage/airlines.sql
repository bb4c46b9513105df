-- The register of airlines as it came, typed.
SELECT carrier, name
FROM "nyc/airlines"
ORDER BY carrier
