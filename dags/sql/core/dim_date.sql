-- Twenty years of days. A calendar has no source.
WITH days AS (
    SELECT unnest(generate_series(DATE '2010-01-01', DATE '2029-12-31', INTERVAL 1 DAY)) AS day
)
SELECT
    CAST(day AS DATE) AS date,
    CAST(year(day) AS INTEGER) AS year,
    CAST(quarter(day) AS INTEGER) AS quarter,
    CAST(month(day) AS INTEGER) AS month,
    monthname(day) AS month_name,
    CAST(day(day) AS INTEGER) AS day_of_month,
    CAST(isodow(day) AS INTEGER) AS weekday,
    dayname(day) AS weekday_name,
    CAST(weekofyear(day) AS INTEGER) AS iso_week,
    isodow(day) >= 6 AS is_weekend
FROM days
ORDER BY date
