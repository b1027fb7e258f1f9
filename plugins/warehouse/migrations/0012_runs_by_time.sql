-- The pages of runs go through time, whatever the source.

create index sync_runs_by_time on ops.sync_runs (started_at desc, run_id desc);
create index sync_runs_not_succeeded on ops.sync_runs (run_id) where status <> 'succeeded';
