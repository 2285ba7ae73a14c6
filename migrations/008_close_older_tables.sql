-- Tables of an older installation that nothing here reads: price lists without row-level security, second copies of
-- people and subscriptions with policies that let everybody in. They keep their rows and lose their readers.

do $$
declare
  v_name text;
begin
  foreach v_name in array array['plans', 'profiles', 'user_profiles', 'payments', 'email_logs', 'subscription_plans',
    'user_subscriptions', 'user_onboarding', 'plan_usage_limits', 'subscription_events', 'bcm_version_history',
    'bcm_access_logs', 'bcm_metrics', 'bcm_cleanup_queue'] loop
    if exists (select from pg_class where oid = to_regclass('public.' || v_name) and relkind in ('r', 'p')) then
      perform private.reset_access(to_regclass('public.' || v_name));
    end if;
  end loop;
end $$;
