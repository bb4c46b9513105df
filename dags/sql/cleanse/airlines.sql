-- Codes in capitals, no blanks around names; what stands twice to the letter stands once.
WITH clean AS (
    SELECT DISTINCT
        upper(trim(carrier)) AS carrier,
        trim(name) AS carrier_name
    FROM "stage/airlines"
)
SELECT *
FROM clean
ORDER BY carrier, clean -- the whole row: total, whatever the key
