create table if not exists token_saving_batch_line (
	line_key varchar(64) primary key,
	workspace varchar(1000) not null,
	plan_id varchar(64) not null,
	target varchar(4000) not null,
	line_bytes integer not null,
	deadline bigint not null,
	queued_at bigint not null,
	state varchar(16) not null,
	attempt integer not null,
	submission varchar(64),
	error varchar(4000),
	claimed boolean not null,
	delete_at bigint,
	body @bytes@,
	answer @bytes@
);
create index if not exists token_saving_batch_line_deadline on token_saving_batch_line (state, deadline);
create index if not exists token_saving_batch_line_submission on token_saving_batch_line (submission);
create index if not exists token_saving_batch_line_delete_at on token_saving_batch_line (delete_at);
create table if not exists token_saving_batch_submission (
	id varchar(64) primary key,
	target varchar(4000) not null,
	begun_at bigint not null,
	line_count integer not null,
	deadline bigint not null,
	phase varchar(16) not null,
	batch varchar(255),
	sent_at bigint,
	answered integer not null,
	failed integer not null
);
create table if not exists token_saving_batch_turnaround (
	account varchar(255) not null,
	position bigint not null,
	millis bigint not null,
	primary key (account, position)
);
create table if not exists token_saving_batch_leader (
	id integer primary key,
	owner varchar(255),
	token bigint not null,
	lease_until bigint not null,
	revision bigint not null
);
insert into token_saving_batch_leader (id, owner, token, lease_until, revision)
	select 1, null, 0, 0, 0 where not exists (select 1 from token_saving_batch_leader where id = 1);
