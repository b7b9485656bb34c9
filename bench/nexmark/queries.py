"""Nexmark's queries: in Flink's SQL, and what DuckDB has to answer for the same tables.

They are those of https://github.com/nexmark/nexmark, q6 too, which Flink cannot run. Where a query says nothing about
ties (q9, q19), both sides get the same further order, so that there is one answer; of q6 and q18 those columns are
compared that a tie leaves as they are. ``count_char`` of q14 is an expression in SQL. q13 reads a list of texts. The
answer of q12 is not compared, as windows of the clock that are open when the input ends give no results.
"""

from __future__ import annotations

import re
from typing import NamedTuple

RANKED = """
    count(*) AS total_bids,
    count(*) FILTER (WHERE price < 10000) AS rank1_bids,
    count(*) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_bids,
    count(*) FILTER (WHERE price >= 1000000) AS rank3_bids"""
DISTINCT = ",".join(
    f"""
    count(DISTINCT {column}) AS total_{column}s,
    count(DISTINCT {column}) FILTER (WHERE price < 10000) AS rank1_{column}s,
    count(DISTINCT {column}) FILTER (WHERE price >= 10000 AND price < 1000000) AS rank2_{column}s,
    count(DISTINCT {column}) FILTER (WHERE price >= 1000000) AS rank3_{column}s"""
    for column in ("bidder", "auction")
)
WINNING = """
    SELECT A.*, B.auction, B.bidder, B.price, B.dateTime AS bid_dateTime, B.extra AS bid_extra,
        ROW_NUMBER() OVER (PARTITION BY A.id ORDER BY B.price DESC, B.dateTime ASC, B.bidder ASC) AS rownum
    FROM auction A, bid B
    WHERE A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires"""
WINNER = (
    "id, itemName, description, initialBid, reserve, dateTime, expires, seller, category, extra, "
    "auction, bidder, price, bid_dateTime, bid_extra"
)
CHANNEL_ID = "REGEXP_EXTRACT(url, '(&|^)channel_id=([^&]*)', 2)"


class Query(NamedTuple):
    """A query.

    Args:
        flink: in Flink's SQL.
        duckdb: in DuckDB's; None where Flink's says it there as well.
        compared: places of the columns that have one right answer; None for all.
        ends: whether all results are there when the input has ended: windows of the clock do not fire then.
    """

    flink: str
    duckdb: str | None = None
    compared: tuple[int, ...] | None = None
    ends: bool = True

    @property
    def here(self) -> str:
        """As it is run here: DATETIME, in any case of letters, is a reserved word of Flink's."""
        return re.sub(r"\bdateTime\b", "`dateTime`", self.flink)

    @property
    def there(self) -> str:
        """As DuckDB reads it."""
        return (self.duckdb or self.flink).replace("`", '"')


def day(column: str = "dateTime") -> tuple[str, str]:
    return f"DATE_FORMAT({column}, 'yyyy-MM-dd')", f"strftime({column}, '%Y-%m-%d')"


def minute(column: str = "dateTime") -> tuple[str, str]:
    return f"DATE_FORMAT({column}, 'HH:mm')", f"strftime({column}, '%H:%M')"


def of_both(text: str, *pairs: tuple[str, str], compared: tuple[int, ...] | None = None) -> Query:
    """A query with parts that the two say otherwise: {0}, {1}, ..."""
    here, there = (text.format(*(pair[side] for pair in pairs)) for side in (0, 1))
    return Query(here, there, compared)


def tumble(table: str) -> tuple[str, str]:
    bucket = "time_bucket(INTERVAL 10 SECONDS, dateTime)"
    return (
        f"TABLE(TUMBLE(TABLE {table}, DESCRIPTOR(dateTime), INTERVAL '10' SECOND))",
        f"(SELECT *, {bucket} AS window_start, {bucket} + INTERVAL 10 SECONDS AS window_end FROM {table})",
    )


HOP = (
    "TABLE(HOP(TABLE bid, DESCRIPTOR(dateTime), INTERVAL '2' SECOND, INTERVAL '10' SECOND))",
    "(SELECT *, window_start + INTERVAL 10 SECONDS AS window_end FROM (SELECT *, "
    "time_bucket(INTERVAL 2 SECONDS, dateTime) - n * INTERVAL 2 SECONDS AS window_start FROM bid, range(5) AS r (n)))",
)
LAST_TEN = "OVER (PARTITION BY Q.seller ORDER BY Q.dateTime ROWS BETWEEN 10 PRECEDING AND CURRENT ROW)"
TEN_SECONDS = ("INTERVAL '10' SECOND", "INTERVAL 10 SECONDS")

QUERIES = {
    "q0": Query("SELECT auction, bidder, price, dateTime, extra FROM bid"),
    "q1": Query("SELECT auction, bidder, 0.908 * price AS price, dateTime, extra FROM bid"),
    "q2": Query("SELECT auction, price FROM bid WHERE MOD(auction, 123) = 0"),
    "q3": Query(
        "SELECT P.name, P.city, P.state, A.id FROM auction A INNER JOIN person P ON A.seller = P.id "
        "WHERE A.category = 10 AND (P.state = 'OR' OR P.state = 'ID' OR P.state = 'CA')"
    ),
    "q4": Query(
        *(
            f"SELECT Q.category, {average} FROM (SELECT MAX(B.price) AS final, A.category FROM auction A, bid B "
            "WHERE A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires GROUP BY A.id, A.category) Q "
            "GROUP BY Q.category"
            for average in ("AVG(Q.final)", "CAST(SUM(Q.final) AS BIGINT) // COUNT(*)")
        )
    ),
    "q5": of_both(
        "SELECT AuctionBids.auction, AuctionBids.num FROM ("
        "SELECT auction, count(*) AS num, window_start AS starttime, window_end AS endtime FROM {0} "
        "GROUP BY auction, window_start, window_end) AS AuctionBids JOIN ("
        "SELECT max(CountBids.num) AS maxn, CountBids.starttime, CountBids.endtime FROM ("
        "SELECT count(*) AS num, window_start AS starttime, window_end AS endtime FROM {0} "
        "GROUP BY auction, window_start, window_end) AS CountBids GROUP BY CountBids.starttime, CountBids.endtime"
        ") AS MaxBids ON AuctionBids.starttime = MaxBids.starttime AND AuctionBids.endtime = MaxBids.endtime "
        "AND AuctionBids.num >= MaxBids.maxn",
        HOP,
    ),
    "q6": of_both(
        "SELECT Q.seller, {0} FROM ("
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY id, seller ORDER BY price DESC, dateTime ASC) AS rownum FROM ("
        "SELECT A.id, A.seller, B.price, B.dateTime FROM auction AS A, bid AS B "
        "WHERE A.id = B.auction AND B.dateTime BETWEEN A.dateTime AND A.expires)) AS Q WHERE Q.rownum <= 1",
        (
            f"AVG(Q.price) {LAST_TEN}",
            f"CAST(SUM(Q.price) {LAST_TEN} AS BIGINT) // COUNT(*) {LAST_TEN}",
        ),
        compared=(0,),
    ),
    "q7": of_both(
        "SELECT B.auction, B.price, B.bidder, B.dateTime, B.extra FROM bid B JOIN ("
        "SELECT MAX(price) AS maxprice, window_end AS dateTime FROM {0} GROUP BY window_start, window_end) B1 "
        "ON B.price = B1.maxprice WHERE B.dateTime BETWEEN B1.dateTime - {1} AND B1.dateTime",
        tumble("bid"),
        TEN_SECONDS,
    ),
    "q8": of_both(
        "SELECT P.id, P.name, P.starttime FROM ("
        "SELECT id, name, window_start AS starttime, window_end AS endtime FROM {0} "
        "GROUP BY id, name, window_start, window_end) P JOIN ("
        "SELECT seller, window_start AS starttime, window_end AS endtime FROM {1} "
        "GROUP BY seller, window_start, window_end) A "
        "ON P.id = A.seller AND P.starttime = A.starttime AND P.endtime = A.endtime",
        tumble("person"),
        tumble("auction"),
    ),
    "q9": Query(f"SELECT {WINNER} FROM ({WINNING}) WHERE rownum <= 1"),
    "q10": of_both("SELECT auction, bidder, price, dateTime, extra, {0}, {1} FROM bid", day(), minute()),
    "q11": Query(
        "SELECT B.bidder, count(*) AS bid_count, SESSION_START(B.dateTime, INTERVAL '10' SECOND) AS starttime, "
        "SESSION_END(B.dateTime, INTERVAL '10' SECOND) AS endtime FROM bid B "
        "GROUP BY B.bidder, SESSION(B.dateTime, INTERVAL '10' SECOND)",
        "SELECT bidder, count(*), min(dateTime), max(dateTime) + INTERVAL 10 SECONDS FROM ("
        "SELECT *, sum(fresh) OVER (PARTITION BY bidder ORDER BY dateTime ROWS UNBOUNDED PRECEDING) AS number FROM ("
        "SELECT bidder, dateTime, CASE WHEN dateTime - lag(dateTime) OVER (PARTITION BY bidder ORDER BY dateTime) "
        "<= INTERVAL 10 SECONDS THEN 0 ELSE 1 END AS fresh FROM bid)) GROUP BY bidder, number",
    ),
    "q12": Query(
        "SELECT bidder, count(*) AS bid_count, window_start AS starttime, window_end AS endtime FROM "
        "TABLE(TUMBLE(TABLE bid_now, DESCRIPTOR(p_time), INTERVAL '10' SECOND)) "
        "GROUP BY bidder, window_start, window_end",
        "SELECT bidder, count(*) AS bid_count FROM bid GROUP BY bidder",
        ends=False,
    ),
    "q13": Query(
        "SELECT B.auction, B.bidder, B.price, B.dateTime, S.`value` FROM bid_now B "
        "JOIN side_input FOR SYSTEM_TIME AS OF B.p_time AS S ON MOD(B.auction, 10000) = S.key",
        "SELECT B.auction, B.bidder, B.price, B.dateTime, S.value FROM bid B "
        "JOIN side_input S ON B.auction % 10000 = S.key",
    ),
    "q14": of_both(
        "SELECT auction, bidder, 0.908 * price AS price, CASE "
        "WHEN HOUR(dateTime) >= 8 AND HOUR(dateTime) <= 18 THEN 'dayTime' "
        "WHEN HOUR(dateTime) <= 6 OR HOUR(dateTime) >= 20 THEN 'nightTime' ELSE 'otherTime' END AS bidTimeType, "
        "dateTime, extra, {0} AS c_counts FROM bid WHERE 0.908 * price > 1000000 AND 0.908 * price < 50000000",
        (
            "CHAR_LENGTH(extra) - CHAR_LENGTH(REPLACE(extra, 'c', ''))",
            "length(extra) - length(replace(extra, 'c', ''))",
        ),
    ),
    "q15": of_both("SELECT {0} AS `day`," + RANKED + "," + DISTINCT + " FROM bid GROUP BY {0}", day()),
    "q16": of_both(
        "SELECT channel, {0} AS `day`, max({1}) AS `minute`,"
        + RANKED
        + ","
        + DISTINCT
        + " FROM bid GROUP BY channel, {0}",
        day(),
        minute(),
    ),
    "q17": of_both(
        "SELECT auction, {0} AS `day`," + RANKED + ", min(price) AS min_price, max(price) AS max_price, "
        "{1} AS avg_price, sum(price) AS sum_price FROM bid GROUP BY auction, {0}",
        day(),
        ("avg(price)", "CAST(sum(price) AS BIGINT) // count(*)"),
    ),
    "q18": Query(
        "SELECT auction, bidder, price, channel, url, dateTime, extra FROM ("
        "SELECT *, ROW_NUMBER() OVER (PARTITION BY bidder, auction ORDER BY dateTime DESC) AS rank_number FROM bid) "
        "WHERE rank_number <= 1",
        compared=(0, 1, 5),
    ),
    "q19": Query(
        "SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY auction ORDER BY price DESC, dateTime, bidder) "
        "AS rank_number FROM bid) WHERE rank_number <= 10"
    ),
    "q20": Query(
        "SELECT auction, bidder, price, channel, url, B.dateTime AS bid_dateTime, B.extra AS bid_extra, itemName, "
        "description, initialBid, reserve, A.dateTime AS auction_dateTime, expires, seller, category, "
        "A.extra AS auction_extra FROM bid AS B INNER JOIN auction AS A ON B.auction = A.id WHERE A.category = 10"
    ),
    "q21": of_both(
        "SELECT auction, bidder, price, channel, CASE "
        "WHEN lower(channel) = 'apple' THEN '0' WHEN lower(channel) = 'google' THEN '1' "
        "WHEN lower(channel) = 'facebook' THEN '2' WHEN lower(channel) = 'baidu' THEN '3' "
        "ELSE {0} END AS channel_id FROM bid "
        "WHERE {0} IS NOT NULL OR lower(channel) IN ('apple', 'google', 'facebook', 'baidu')",
        (CHANNEL_ID, f"nullif({CHANNEL_ID}, '')"),
    ),
    "q22": of_both(
        "SELECT auction, bidder, price, channel, {0} AS dir1, {1} AS dir2, {2} AS dir3 FROM bid",
        *((f"SPLIT_INDEX(url, '/', {place})", f"split_part(url, '/', {place + 1})") for place in (3, 4, 5)),
    ),
    "q23": Query(
        "SELECT bidder, price, channel, url, B.extra AS bid_extra, P.id AS person_id, name, emailAddress, creditCard, "
        "city, state, P.extra AS person_extra, itemName, description, initialBid, reserve, "
        "A.dateTime AS auction_dateTime, expires, seller, category, A.extra AS auction_extra "
        "FROM bid B JOIN person P ON P.id = B.bidder JOIN auction A ON A.seller = B.bidder"
    ),
}
