from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

def shifted(values, unit, zone, local, numpy):
    if zone == "UTC":
        return values
    z = ZoneInfo(zone)
    out = []
    for v in values.tolist():
        if local:
            o = datetime.fromtimestamp(v / unit, timezone.utc).astimezone(z).utcoffset()
            out.append(v + int(o.total_seconds() * unit))
        else:
            o = (datetime(1970, 1, 1) + timedelta(seconds=v / unit)).replace(tzinfo=z).utcoffset()
            out.append(v - int(o.total_seconds() * unit))
    return numpy.array(out, "int64")
