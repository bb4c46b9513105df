"""What one row of the register of airports says must fit together."""

import pandas as pd
import pandera.pandas as pa


class Airports(pa.DataFrameModel):
    """An airport's place and the clock that it keeps."""

    faa: str = pa.Field(unique=True, str_length=3)
    lon: float = pa.Field(in_range={"min_value": -180, "max_value": 180})
    tz: int = pa.Field(in_range={"min_value": -12, "max_value": 14})

    @pa.dataframe_check
    @classmethod
    def the_clock_fits_the_place(cls, airports: pd.DataFrame) -> pd.Series:
        """Fifteen degrees of longitude are an hour; no American clock is more than three hours off."""
        return (airports["lon"] / 15 - airports["tz"]).abs() <= 3
