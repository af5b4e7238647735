-- Works everything out again from the registrations. One row: what must all be zero.
with summed as (
  select person, year_of(service_time) as year, sum(amount_ore) as counted_ore
    from registration where paid and amount_ore > 0 group by 1, 2
), refunded as (
  select person, year, sum(amount_ore) as refunded_ore from refund_line group by 1, 2
), scanned as (
  select practice, month_of(service_time) as month,
         greatest(0, received::date - service_time::date) as lag_days, count(*) as count
    from registration group by 1, 2, 3
)
select
  (select count(*) from summed s full join person_year a using (person, year)
    where s.counted_ore is distinct from a.counted_ore) as wrong_sums,
  (select count(*) from person_year a
    where (a.card_issued is not null) <> (a.counted_ore >= ceiling_ore(a.year))) as wrong_cards,
  (select count(*) from person_year a left join refunded r using (person, year)
    where coalesce(r.refunded_ore, 0) <> greatest(0, a.counted_ore - ceiling_ore(a.year)))
    as wrong_refunds,
  (select count(*) from scanned s full join timeliness t using (practice, month, lag_days)
    where s.count is distinct from t.count) as wrong_counters
