-- One scheduled flight a row, with the weather of its hour at the airport that it left: null where none was kept.
SELECT
    flight_date,
    scheduled_departure,
    carrier,
    flight_number,
    origin,
    destination,
    coalesce(tail_number, 'NONE') AS tail_number,
    status,
    departure_delay_min,
    arrival_delay_min,
    air_time_min,
    distance_mi,
    wind_speed_mph,
    precipitation_in,
    visibility_mi
FROM "cleanse/flights" AS flights
LEFT JOIN "cleanse/weather" AS weather
    ON flights.origin = weather.station AND date_trunc('hour', flights.scheduled_departure) = weather.observed_at
ORDER BY scheduled_departure, carrier, flight_number, origin
