-- By which rows that are old are found
create index gateway_spend_of_day on gateway_spend (spend_day);

create index gateway_quota_of_start on gateway_quota (period_start);
