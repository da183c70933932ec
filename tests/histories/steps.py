"""The steps of the journeys that are recorded."""

from __future__ import annotations

ROUNDS = """
- {id: pause, kind: wait, for: 1 second}
- {id: again, kind: jump, go_to: pause, at_most: 2}
- {id: split, kind: ab_split, arms: [{go_to: left, weight: 3}, {go_to: right}]}
- {id: left, kind: notify, channel: sales, text: left, next: done}
- {id: right, kind: notify, channel: sales, text: right}
- {id: done, kind: end}
"""
WON = "[{id: rest, kind: wait, for: 1 second}, {id: won, kind: goal}]"
RECORDS = """
- {id: rate, kind: set_field, field: Rating, value: Hot}
- {id: hot, kind: branch, arms: [{when: {field: Rating, op: equals, value: Hot}, go_to: task}]}
- {id: cold, kind: end}
- {id: task, kind: create_task, subject: "Call {{ lead.first_name }}", due_in_days: 1}
- {id: event, kind: create_event, subject: Demo, in_days: 2, at: "10:00"}
- {id: note, kind: create_note, text: Rated}
- {id: owner, kind: assign, pool: sales}
"""
WEB = """
- id: score
  kind: http_call
  connection: keyed
  method: POST
  path: /recorded
  query: {name: "{{ lead.first_name }}"}
  body: {mail: "{{ lead.email }}", of: [1, true]}
  answer: {tier: {from: tier}}
- {id: gold, kind: branch, arms: [{when: {field: tier, op: equals, value: gold}, go_to: track}]}
- {id: other, kind: end}
- {id: track, kind: track_event, event: scored, properties: {n: 1}}
- {id: refused, kind: http_call, connection: keyed, method: DELETE, path: /refused}
"""
FAIR = "7015e0000000077AAA"
PLATFORMS = f"""
- {{id: ready, kind: wait_for, events: [go], timeout: 20 days}}
- {{id: push, kind: push, to: salesforce, fields: {{Company: company}}}}
- {{id: fair, kind: add_to_campaign, campaign: {FAIR}, status: Responded}}
- {{id: sync, kind: push, to: marketo, fields: {{email: email, firstName: first_name}}}}
- {{id: stage, kind: marketo_status, status: Meeting Booked}}
- {{id: program, kind: marketo_program, program: 1001, status: Member}}
- {{id: share, kind: push, to: hubspot, fields: {{email: email}}}}
- {{id: said, kind: hubspot_timeline_event, title: "{{{{ lead.first_name }}}} wrote"}}
"""
CALENDAR = """
- {id: over, kind: wait_until, date: "2026-01-02"}
- {id: due, kind: wait_until, field: renewal, on_missing: monday}
- {id: done, kind: end}
- {id: monday, kind: wait_until, weekdays: [mon], at: "09:30", zone: Europe/London}
- {id: last, kind: end}
"""
TEXTS = """
- {id: text, kind: send_sms, text: "Hi {{ lead.first_name }}. STOP ends this", otherwise: app}
- {id: pause, kind: wait, for: 1 second}
- {id: mail, kind: send_email, template: intro}
- {id: none, kind: send_sms, text: Hi, recipient_field: mobile_phone, otherwise: app}
- {id: done, kind: end}
- {id: app, kind: notify, via: app, text: "{{ lead.first_name }} gets no texts"}
- {id: reply, kind: wait_for, events: [sms_opt_out], timeout: 20 days}
- {id: teams, kind: notify, via: teams, text: gone}
"""
REVIEWED = """
- {id: check, kind: approval, of: intro, on_reject: told}
- {id: intro, kind: send_email, template: intro}
- {id: again, kind: approval, of: last, on_reject: told}
- {id: last, kind: send_email, template: intro}
- {id: told, kind: notify, channel: sales, text: rejected}
"""
HANDED_OVER = """
- {id: hand, kind: outreach_handover, campaign: 4711, mails: 3, timeout: 20 days, on_timeout: told}
- {id: done, kind: end}
- {id: told, kind: notify, channel: sales, text: the time is over}
"""
REST = "[{id: rest, kind: wait, for: 20 days}]"
RESTS = """- {id: intro, kind: send_email, template: intro}
- {id: rest, kind: wait, for: 20 days}
- {id: more, kind: wait, for: 9 days}
"""
ANSWERED = """
- {id: ready, kind: wait_for, events: [go], timeout: 20 days}
- {id: intro, kind: send_email, template: intro}
- {id: rest, kind: wait, for: 20 days}
"""
AWAITED = """
- {id: sign, kind: wait_for, events: [go], when: {field: rating, op: equals, value: Hot},
   timeout: 20 days, on_timeout: done}
- {id: there, kind: wait_for, when: {field: rating, op: equals, value: hot}, timeout: 20 days}
- {id: told, kind: notify, channel: sales, text: hot}
- {id: never, kind: wait_for, when: {field: rating, op: is_empty}, timeout: 1 second,
   on_timeout: done}
- {id: done, kind: end}
"""
COMPARED = """
- {id: customer, kind: set_field, field: is_customer, value: "TRUE", only_here: true}
- {id: seen, kind: set_field, field: seen_at, value: "2026-01-01T09:00:00Z", only_here: true}
- {id: code, kind: set_field, field: code, value: "01234", only_here: true}
- id: known
  kind: branch
  arms: [{when: {field: is_customer, op: equals, value: true}, go_to: of}]
- {id: stranger, kind: notify, channel: sales, text: no customer}
- id: of
  kind: branch
  arms: [{when: {field: seen_at, op: at_least, value: "2026-01-01T10:00:00+02:00"}, go_to: same}]
- {id: earlier, kind: notify, channel: sales, text: seen earlier}
- {id: same, kind: branch, arms: [{when: {field: code, op: equals, value: "1234"}, go_to: done}]}
- {id: other, kind: notify, channel: sales, text: another code}
- {id: done, kind: end}
"""
"""Comparisons that were made otherwise under ``semantics`` 1."""
