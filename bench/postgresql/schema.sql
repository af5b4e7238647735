-- The ledger's job in PostgreSQL 15, written to win: what bench/compare measures ours against.
--
-- One registration, once by (practice, guid); the sum of the person's year; the card in the
-- transaction of the item that reached the ceiling; a refund line for what lies above it; the count
-- of each lag in days by practice and month. A resend is answered as a duplicate, other content
-- under the same key is a conflict. Nothing is kept beyond that: no index for a person's history,
-- no entitlement date, events, audit chain or signature.
--
-- Verdicts: 0 accepted, 2 duplicate, each + 1 when the person has the card; 4 conflict.

-- The widest columns first, so that no byte goes to alignment.
create table registration (
  guid uuid not null,
  person uuid not null,
  service_time timestamptz not null,
  received timestamptz not null,
  practice integer not null,
  amount_ore integer not null,
  service_type smallint not null,
  paid boolean not null,
  exempt boolean not null,
  primary key (practice, guid)
);

-- Room on each page, so that an update stays on it and touches no index (HOT).
create table person_year (
  person uuid not null,
  counted_ore bigint not null,
  card_issued timestamptz,
  crossing_guid uuid,
  crossing_practice integer,
  year smallint not null,
  primary key (person, year)
) with (fillfactor = 50);

create table refund_line (
  guid uuid not null,
  person uuid not null,
  practice integer not null,
  amount_ore integer not null,
  year smallint not null
);

-- A few thousand rows that change all the time: much room, so that old versions are pruned on the
-- page by whoever comes next.
create table timeliness (
  practice integer not null,
  month integer not null,
  lag_days smallint not null,
  count bigint not null,
  primary key (practice, month, lag_days)
) with (fillfactor = 20);

create table access_log (
  person uuid not null,
  asked timestamptz not null,
  practice integer not null,
  service_date date not null
);

-- These three are single expressions, so that the planner puts them in place of the call. The
-- cluster's time zone is Europe/Oslo, so that a cast to date needs no lookup of the zone.
create function ceiling_ore(year integer) returns bigint language sql immutable as
$$ select case year when 2021 then 246000 when 2022 then 292100 when 2023 then 304000
     when 2024 then 316500 when 2025 then 327800 when 2026 then 327800 end::bigint $$;

create function year_of(at timestamptz) returns smallint language sql stable as
$$ select extract(year from at)::smallint $$;

create function month_of(at timestamptz) returns integer language sql stable as
$$ select (extract(year from at) * 100 + extract(month from at))::integer $$;

-- One item. Two calls with the same new key at the same moment: one gets a unique violation, and
-- its caller sends again and is answered as a duplicate. That spares everybody else the dearer
-- ON CONFLICT.
create function register(
  p_practice integer, p_guid uuid, p_person uuid, p_service_type smallint,
  p_service_time timestamptz, p_amount_ore integer, p_paid boolean, p_received timestamptz
) returns smallint language plpgsql as $$
declare
  known registration;
  service_year smallint := year_of(p_service_time);
  total bigint;
  is_exempt boolean := false;
begin
  select * into known from registration where practice = p_practice and guid = p_guid;
  if found then
    if (known.person, known.service_type, known.service_time, known.amount_ore, known.paid) =
       (p_person, p_service_type, p_service_time, p_amount_ore, p_paid) then
      return case when known.exempt then 3 else 2 end;
    end if;
    return 4;
  end if;

  if p_paid and p_amount_ore > 0 then
    insert into person_year as a (person, counted_ore, year)
      values (p_person, p_amount_ore, service_year)
      on conflict (person, year) do update set counted_ore = a.counted_ore + excluded.counted_ore
      returning counted_ore, card_issued is not null into total, is_exempt;
    if total >= ceiling_ore(service_year) then
      if not is_exempt then
        update person_year
          set card_issued = p_received, crossing_practice = p_practice, crossing_guid = p_guid
          where person = p_person and year = service_year;
        is_exempt := true;
      end if;
      if total > ceiling_ore(service_year) then
        insert into refund_line (guid, person, practice, amount_ore, year)
          values (p_guid, p_person, p_practice,
                  least(p_amount_ore, total - ceiling_ore(service_year)), service_year);
      end if;
    end if;
  else
    select card_issued is not null into is_exempt from person_year
      where person = p_person and year = service_year;
    is_exempt := coalesce(is_exempt, false);
  end if;

  insert into registration values (p_guid, p_person, p_service_time, p_received, p_practice,
                                   p_amount_ore, p_service_type, p_paid, is_exempt);
  insert into timeliness as t
    values (p_practice, month_of(p_service_time),
            greatest(0, p_received::date - p_service_time::date), 1)
    on conflict (practice, month, lag_days) do update set count = t.count + 1;
  return is_exempt::integer;
end $$;

-- Many items, all new and each once; else a unique violation. Sets instead of a loop: each
-- person-year and each counter is touched once, in the order of its key, so that two batches cannot
-- wait for each other in a circle. What nobody else waits for comes first and the counters, for
-- which everybody does, last; so the few items that find a card are marked afterwards.
create function register_new(
  p_practice integer[], p_guid uuid[], p_person uuid[], p_service_type smallint[],
  p_service_time timestamptz[], p_amount_ore integer[], p_paid boolean[], p_received timestamptz
) returns smallint[] language plpgsql as $$
declare
  verdicts smallint[] := array_fill(0::smallint, array[cardinality(p_guid)]);
  exempt_items integer[];
  n integer;
begin
  insert into registration
    select guid, person, service_time, p_received, practice, amount_ore, service_type, paid, false
      from unnest(p_practice, p_guid, p_person, p_service_type, p_service_time, p_amount_ore,
                  p_paid)
        as item (practice, guid, person, service_type, service_time, amount_ore, paid);

  insert into person_year as a (person, counted_ore, year)
    select person, sum(amount_ore), year_of(service_time)
      from unnest(p_person, p_amount_ore, p_paid, p_service_time)
        as item (person, amount_ore, paid, service_time)
      where paid and amount_ore > 0
      group by person, year_of(service_time)
      order by person, year_of(service_time)
    on conflict (person, year) do update set counted_ore = a.counted_ore + excluded.counted_ore;

  -- Few persons are at the ceiling. For their items alone the sum is followed item by item.
  with reached as materialized (
    select item.*, a.year, ceiling_ore(a.year) as ceiling, a.card_issued,
           case when paid then amount_ore else 0 end as counted,
           a.counted_ore
             - sum(case when paid then amount_ore else 0 end) over (partition by a.person, a.year)
             + sum(case when paid then amount_ore else 0 end)
                 over (partition by a.person, a.year order by item.n) as running
      from unnest(p_practice, p_guid, p_person, p_service_time, p_amount_ore, p_paid)
        with ordinality as item (practice, guid, person, service_time, amount_ore, paid, n)
        join person_year a on a.person = item.person and a.year = year_of(item.service_time)
      where a.counted_ore >= ceiling_ore(a.year)
  ), refunded as (
    insert into refund_line (guid, person, practice, amount_ore, year)
      select guid, person, practice, least(counted, running - ceiling), year
        from reached where counted > 0 and running > ceiling
  ), issued as (
    update person_year a
      set card_issued = p_received, crossing_practice = r.practice, crossing_guid = r.guid
      from reached r
      where a.person = r.person and a.year = r.year and r.card_issued is null
        and r.counted > 0 and r.running >= r.ceiling and r.running - r.counted < r.ceiling
  )
  select array_agg(r.n) into exempt_items from reached r where r.running >= r.ceiling;

  if exempt_items is not null then
    update registration r set exempt = true
      from unnest(exempt_items) as item (n)
      where r.practice = p_practice[item.n] and r.guid = p_guid[item.n];
    foreach n in array exempt_items loop
      verdicts[n] := 1;
    end loop;
  end if;

  insert into timeliness as t
    select practice, month_of(service_time), greatest(0, p_received::date - service_time::date),
           count(*)
      from unnest(p_practice, p_service_time) as item (practice, service_time)
      group by 1, 2, 3
      order by 1, 2, 3
    on conflict (practice, month, lag_days) do update set count = t.count + excluded.count;
  return verdicts;
end $$;

-- Many items. Nearly always all are new, and looking for each before would cost all of them; so it
-- is tried, and only when one is known are the new ones picked out. The others then only read.
create function register_batch(
  p_practice integer[], p_guid uuid[], p_person uuid[], p_service_type smallint[],
  p_service_time timestamptz[], p_amount_ore integer[], p_paid boolean[], p_received timestamptz
) returns smallint[] language plpgsql as $$
declare
  new_items integer[];
  new_verdicts smallint[];
  verdicts smallint[];
begin
  begin
    return register_new(p_practice, p_guid, p_person, p_service_type, p_service_time, p_amount_ore,
                        p_paid, p_received);
  exception when unique_violation then
    null;
  end;
  select array_agg(first.n order by first.n) into new_items
    from (select min(item.n)::integer as n, practice, guid
            from unnest(p_practice, p_guid) with ordinality as item (practice, guid, n)
            group by practice, guid) first
    where not exists (select from registration r
                        where r.practice = first.practice and r.guid = first.guid);
  if new_items is not null then
    select register_new(array_agg(p_practice[n] order by n), array_agg(p_guid[n] order by n),
                        array_agg(p_person[n] order by n), array_agg(p_service_type[n] order by n),
                        array_agg(p_service_time[n] order by n),
                        array_agg(p_amount_ore[n] order by n), array_agg(p_paid[n] order by n),
                        p_received)
      into new_verdicts from unnest(new_items) as item (n);
  end if;
  for n in 1 .. cardinality(p_guid) loop
    if n = any (new_items) then
      verdicts[n] := new_verdicts[array_position(new_items, n)];
    else
      verdicts[n] := register(p_practice[n], p_guid[n], p_person[n], p_service_type[n],
                              p_service_time[n], p_amount_ore[n], p_paid[n], p_received);
    end if;
  end loop;
  return verdicts;
end $$;
