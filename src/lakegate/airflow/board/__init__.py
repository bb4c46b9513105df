"""The page of gates inside Airflow: where every dataset of the project stands now."""
