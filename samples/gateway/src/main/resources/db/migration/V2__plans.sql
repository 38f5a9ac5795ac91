create table token_saving_plan_workspace (
    workspace    varchar(256) not null primary key,
    last_version bigint       not null
);

create table token_saving_plan (
    workspace varchar(256) not null,
    id        varchar(64)  not null,
    version   bigint       not null,
    settings  text         not null,
    primary key (workspace, id)
);

create table token_saving_plan_revision (
    id       integer not null primary key,
    revision bigint  not null
);

insert into token_saving_plan_revision (id, revision) values (1, 0);
