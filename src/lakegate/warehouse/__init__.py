"""The warehouse: tables made of committed batches by SELECTs, proposed to the gate, and made again from raw."""
