-- What rules see of a job: the columns of the table by their names, the newest notification, the
-- newest 100 attestations. Made whenever there is none, so that an owner may have a view of their
-- own. Only what is selected is computed.
CREATE VIEW job_record AS
SELECT job.*,
  (SELECT coalesce(n.record, json_build_object(
      'id', n.id, 'job_id', n.job_id, 'miniapp_user_id', n.miniapp_user_id,
      'notification_type', n.notification_type, 'notification_method', n.notification_method,
      'success', n.success, 'error_message', n.error_message, 'attested_by', n.attested_by,
      'attested_at', coalesce(n.attested_at, n.recorded_at)))
    FROM notification n WHERE n.workflow_id = job.id::text
    ORDER BY coalesce(n.attested_at, n.recorded_at) DESC, n.id DESC LIMIT 1) AS notification,
  (SELECT json_agg(json_build_object(
      'key', a.key, 'step_id', a.step_id, 'kind', a.kind, 'attempt', a.attempt,
      'recorded_at', a.recorded_at, 'record', a.record) ORDER BY a.recorded_at DESC, a.key DESC)
    FROM (SELECT * FROM attestation WHERE workflow_id = job.id::text
      ORDER BY recorded_at DESC, key DESC LIMIT 100) a) AS attestations
FROM job;
