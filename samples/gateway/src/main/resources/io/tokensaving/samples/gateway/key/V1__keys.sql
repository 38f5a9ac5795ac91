-- Amounts of money are whole pico-dollars, times are milliseconds since 1970, days are days since 1970.

create table gateway_key (
    id varchar(40) not null primary key,
    name varchar(200) not null,
    prefix varchar(16) not null,
    workspace varchar(200) not null,
    default_plan varchar(200),
    plans varchar(20000) not null,
    models varchar(20000) not null,
    scoped boolean not null,
    quota bigint,
    quota_period varchar(8) not null,
    unpriced_allowed boolean not null,
    requests_per_minute bigint,
    tokens_per_minute bigint,
    max_concurrent integer,
    expires_at bigint,
    revoked_at bigint,
    created_by varchar(200) not null,
    created_at bigint not null,
    last_used_at bigint,
    version bigint not null
);

-- A key has a second secret for the time after it was rotated
create table gateway_key_secret (
    hash varchar(64) not null primary key,
    key_id varchar(40) not null references gateway_key (id),
    valid_until bigint
);

create index gateway_key_secret_of_key on gateway_key_secret (key_id);

-- One row, counted up by each change of a key
create table gateway_key_revision (
    id integer not null primary key,
    revision bigint not null
);

insert into gateway_key_revision (id, revision) values (1, 1);

-- What instances have taken out of the quota of a key, to be spent or given back
create table gateway_quota (
    key_id varchar(40) not null,
    period_start bigint not null,
    taken bigint not null,
    primary key (key_id, period_start)
);

create table gateway_spend (
    key_id varchar(40) not null,
    spend_day bigint not null,
    model varchar(200) not null,
    requests bigint not null,
    input_tokens bigint not null,
    output_tokens bigint not null,
    spent bigint not null,
    primary key (key_id, spend_day, model)
);

create table gateway_instance (
    id varchar(40) not null primary key,
    seen_at bigint not null
);
