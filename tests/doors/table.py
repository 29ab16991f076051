"""The declared table of doors: every route and method, and who may open it. What does not stand here, does not open.

Columns: member and company admin of Aurora, Bo of its rival Borealis, lab manager of the object's site, lab manager
of another site, admin. Objects in a path are Aurora's (see scene.py), instruments stand at the East site.

    +  may: what the door does, or what is wrong with the body
    -  may not: 403
    0  does not exist for them: 404
"""

from __future__ import annotations

COLUMNS = ("member", "company_admin", "rival", "lab_manager", "lab_manager_elsewhere", "admin")

# Open to strangers; each for a reason.
PUBLIC = {
    "static": "the browser files hold nothing of anybody's",
    "health.healthz": "monitors have no account",
    "health.readyz": "monitors have no account",
    "health.metrics": "guarded by the address asked from, or a token of its own",
    "api-docs.openapi_json": "the API's document is public",
    "docs.page": "the API's document is public",
    "instruments.catalogue": "what the laboratory has, what it costs and when it is open is public",
    "instruments.show": "what the laboratory has, what it costs and when it is open is public",
    "help.own_guide": "how to come in is for strangers",
    "help.guide_of": "what a role can do is no secret",
    "people.sign_in": "the way in",
    "people.sign_in_now": "the way in",
    "people.sign_out": "ends whatever session there is",
    "people.register": "a company's way in",
    "people.register_now": "a company's way in",
    "people.join": "the link in the invitation is the key",
    "people.join_now": "the link in the invitation is the key",
    "people.forgotten": "whoever forgot the password is a stranger",
    "people.forgotten_now": "whoever forgot the password is a stranger",
    "people.reset": "the link in the mail is the key",
    "people.reset_now": "the link in the mail is the key",
    "people.language": "a cookie of one's own",
    "people.theme": "a cookie of one's own",
}

_TABLE = """
GET   static                        ++++++
GET   health.healthz                ++++++
GET   health.readyz                 ++++++
GET   health.metrics                ++++++
GET   api-docs.openapi_json         ++++++
GET   docs.page                     ++++++
GET   home.start                    ++++++
GET   help.own_guide                ++++++
GET   help.guide_of                 ++++++
POST  help.put_away                 ++++++

GET   people.sign_in                ++++++
POST  people.sign_in_now            ++++++
POST  people.sign_out               ++++++
GET   people.register               ++++++
POST  people.register_now           ++++++
GET   people.join                   000000
POST  people.join_now               000000
GET   people.forgotten              ++++++
POST  people.forgotten_now          ++++++
GET   people.reset                  000000
POST  people.reset_now              000000
POST  people.language               ++++++
POST  people.theme                  ++++++
GET   people.account                ++++++
POST  people.account_now            ++++++
GET   people.password               ++++++
POST  people.password_now           ++++++
GET   people.sessions               ++++++
POST  people.session_end            ++++++
POST  people.sessions_end           ++++++
GET   people.tokens                 ++++++
POST  people.token_create           ++++++
POST  people.token_revoke           +00000
GET   people.own_company            +++000
GET   people.company                ++0+++
GET   people.company_edit           -+0--+
POST  people.company_edit_now       -+0--+
POST  people.in_house               -+0--+
POST  people.company_approve        --0--+
POST  people.company_reject         --0--+
POST  people.company_reactivate     --0--+
POST  people.invite                 -+0--+
GET   people.invitation             -+0--+
POST  people.invitation_withdraw    -+0--+
POST  people.person_company_role    -+0--+
POST  people.person_remove          -+0--+
GET   people.companies              ---+++
GET   people.companies_import       -----+
POST  people.companies_import_now   -----+
GET   people.staff                  -----+
POST  people.staff_add              -----+
GET   people.person                 -----+
POST  people.person_roles           -----+
GET   people.sites                  -----+
POST  people.site_add               -----+
GET   people.site                   -----+
POST  people.site_change            -----+
GET   people_api.me                 ++++++
GET   people_api.companies          ++++++
GET   people_api.company            ++0+++
PUT   people_api.set_in_house       -+0--+
GET   people_api.sites              ++++++

GET   instruments.catalogue         ++++++
GET   instruments.show              ++++++
GET   instruments.new               ---+++
POST  instruments.add               ---+++
GET   instruments.edit              ---+-+
POST  instruments.change            ---+-+
GET   instruments.sheet             ---+++
POST  instruments.bring_in          ---+++
GET   instruments_api.catalogue     ++++++
GET   instruments_api.show          ++++++
POST  instruments_api.add           ---+++
PATCH instruments_api.change        ---+-+
GET   instruments.openings          ---+++
GET   instruments.site_hours        ++++++
POST  instruments.set_site_hours    ---+-+
GET   instruments.instrument_hours  ++++++
POST  instruments.set_instrument_hours ---+-+
POST  instruments.add_exception     ---+-+
POST  instruments.remove_exception  ---+-+
GET   instruments.calendar          ++++++
POST  instruments.import_notice     ---+-+
POST  instruments.forget_year       ---+-+
POST  instruments.set_day           ---+-+
GET   instruments_api.site_hours    ++++++
PUT   instruments_api.set_site_hours ---+-+
GET   instruments_api.instrument_hours ++++++
PUT   instruments_api.set_instrument_hours ---+-+
GET   instruments_api.exceptions    ++++++
POST  instruments_api.add_exception ---+-+
DELETE instruments_api.remove_exception ---+-+
GET   instruments_api.workdays_of   ++++++
PUT   instruments_api.import_year   ---+-+
DELETE instruments_api.forget_year  ---+-+
PATCH instruments_api.set_day       ---+-+

GET   usage.overview                ++++++
GET   usage.companies               -----+
GET   usage.company                 ++0--+
GET   usage.instruments             ++++++
GET   usage.instrument              ---+-+
GET   usage.records                 ++++++
GET   usage.years                   -----+
POST  usage.issue                   -----+
POST  usage.withdraw                -----+
POST  usage.close                   -----+
GET   usage.objections              -+---+
POST  usage.object_to               -+----
POST  usage.answer                  0-000+
GET   usage_api.years               ++++++
POST  usage_api.issue               -----+
POST  usage_api.withdraw            -----+
POST  usage_api.close               -----+
GET   usage_api.objections_of       -+---+
POST  usage_api.object_to           -+----
POST  usage_api.answer              0-000+
GET   usage_api.corrected           +++--+
GET   usage.companies_csv           +++--+
GET   usage.companies_xlsx          +++--+
GET   usage.instruments_csv         ++++++
GET   usage.instruments_xlsx        ++++++
GET   usage.company_xlsx            ++0--+
GET   usage.instrument_xlsx         ---+-+
GET   usage.service_record          -----+
GET   usage.service_record_csv      -----+
GET   usage.service_record_xlsx     -----+
GET   usage_api.companies           +++--+
GET   usage_api.company             ++0--+
GET   usage_api.instruments         ++++++
GET   usage_api.instrument          ---+-+
GET   usage_api.service_records     -----+

GET   accounts.own                  +++000
GET   accounts.statement            ++0+++
POST  accounts.extend               --0--+
GET   accounts.allowances           --0--+
POST  accounts.set_allowances       --0--+
GET   accounts.overview             -----+
GET   accounts.default              -----+
POST  accounts.set_default          -----+
GET   accounts_api.allowances       ++0+++
PUT   accounts_api.set_allowances   --0--+
GET   accounts_api.account          ++0+++
POST  accounts_api.extend           --0--+
GET   accounts_api.default          -----+
PUT   accounts_api.set_default      -----+

GET   bookings.listed               ++++++
GET   bookings.new                  ++++++
POST  bookings.check                ++++++
POST  bookings.create               ++++++
GET   bookings.overview             ++++++
GET   bookings.week                 ++++++
GET   bookings.find                 ++++++
POST  bookings.pick                 ++++++
GET   bookings.calendar             +++000
GET   bookings.queue                ---+++
POST  bookings.answer_many          ---+++
GET   bookings.board                ---+++
GET   bookings.beyond               ---+++
GET   bookings.show                 ++0+0+
POST  bookings.approve              --0+0+
POST  bookings.offer                --0+0+
POST  bookings.reject               --0+0+
POST  bookings.cancel               ++0+0+
POST  bookings.move                 ++0-0-
POST  bookings.endorse              -+0-0-
POST  bookings.hand_over            ++0-0-
POST  bookings.change_end           ++0+0+
GET   bookings.waitlist             ++++++
POST  bookings.join                 ++++++
POST  bookings.leave                ++0+0+
GET   bookings_api.waits            ++++++
POST  bookings_api.join             ++++++
GET   bookings_api.wait             ++0+0+
DELETE bookings_api.leave           ++0+0+
GET   bookings_api.listed           ++++++
POST  bookings_api.request          ++++++
POST  bookings_api.check            ++++++
GET   bookings_api.board            ---+++
GET   bookings_api.waiting          ---+++
POST  bookings_api.answer_many      ---+++
GET   bookings_api.shown            ++0+0+
POST  bookings_api.approve          --0+0+
POST  bookings_api.offer            --0+0+
POST  bookings_api.reject           --0+0+
POST  bookings_api.cancel           ++0+0+
POST  bookings_api.move             ++0-0-
POST  bookings_api.endorse          -+0-0-
POST  bookings_api.hand_over        ++0-0-
POST  bookings_api.change_end       ++0+0+
POST  bookings.check_in             ++0+0+
POST  bookings.check_out            ++0+0+
POST  bookings.record               --0+0+
GET   bookings.here                 ++++++
GET   bookings.label                ---+-+
POST  bookings_api.check_in         ++0+0+
POST  bookings_api.check_out        ++0+0+
POST  bookings_api.record           --0+0+
GET   bookings_api.usage            ++0+0+
GET   bookings_api.free_slots       ++++++
GET   bookings_api.free_anywhere    ++++++
GET   bookings_api.timeline         ++++++
POST  bookings_api.accept           ++0-0-
POST  bookings_api.decline          ++0-0-
GET   bookings.outside_hours        ---+-+
POST  bookings.preview_hours        ---+-+
POST  bookings.preview_exception    ---+-+
POST  bookings.preview_notice       ---+-+
POST  bookings.preview_day          ---+-+
GET   bookings_api.outside_hours    ---+-+
POST  bookings_api.preview_hours    ---+-+
POST  bookings_api.preview_exception ---+-+
POST  bookings_api.preview_notice   ---+-+
POST  bookings_api.preview_day      ---+-+

GET   maintenance_api.windows            ---+++
POST  maintenance_api.plan               ---+++
POST  maintenance_api.preview            ---+++
GET   maintenance_api.window             ---+0+
PATCH maintenance_api.change             ---+0+
DELETE maintenance_api.cancel            ---+0+
GET   maintenance_api.documents          ---+0+
POST  maintenance_api.add_document       ---+0+
GET   maintenance_api.document           ---+0+
DELETE maintenance_api.remove_document   ---+0+
GET   maintenance_api.outages            ---+++
POST  maintenance_api.report             ---+++
POST  maintenance_api.repaired           ---+0+
GET   maintenance_api.utilities          ---+++
POST  maintenance_api.add_utility        ---+++
PUT   maintenance_api.change_utility     ---+0+
GET   maintenance_api.upkeeps            ---+++
PUT   maintenance_api.set_upkeep         ---+-+
DELETE maintenance_api.remove_upkeep     ---+0+
POST  maintenance_api.preview_retirement ---+-+
POST  maintenance_api.retire             ---+-+
POST  maintenance_api.preview_channels   ---+-+
POST  maintenance_api.take_channels      ---+-+
POST  maintenance_api.preview_suspension --0--+
POST  maintenance_api.suspend            --0--+

GET   maintenance.windows           ---+++
GET   maintenance.calendar          ---+++
GET   maintenance.new               ---+++
POST  maintenance.preview           ---+++
POST  maintenance.plan              ---+++
GET   maintenance.window            ---+0+
POST  maintenance.preview_change    ---+0+
POST  maintenance.change            ---+0+
POST  maintenance.cancel            ---+0+
POST  maintenance.add_document      ---+0+
GET   maintenance.document          ---+0+
POST  maintenance.remove_document   ---+0+
GET   maintenance.outages           ---+++
GET   maintenance.outage            ---+-+
POST  maintenance.preview_outage    ---+-+
POST  maintenance.report            ---+-+
POST  maintenance.repaired          ---+0+
GET   maintenance.upkeep            ---+++
POST  maintenance.set_upkeep        ---+++
POST  maintenance.remove_upkeep     ---+0+
GET   maintenance.utilities         ---+++
POST  maintenance.add_utility       ---+++
GET   maintenance.utility           ---+0+
POST  maintenance.change_utility    ---+0+
GET   maintenance.retirement        ---+-+
POST  maintenance.retire            ---+-+
GET   maintenance.channels          ---+-+
POST  maintenance.take_channels     ---+-+
GET   maintenance.suspension        --0--+
POST  maintenance.suspend           --0--+
POST  bookings.accept               ++0-0-
POST  bookings.decline              ++0-0-
GET   bookings.conduct              ++0+++
POST  bookings.object_to            ++0---
POST  bookings.lift_entry           --0+-+
POST  bookings.lift_restriction     --0+++
GET   bookings_api.record_of_conduct ++++++
GET   bookings_api.company_conduct  ++0+++
POST  bookings_api.object_to        ++0---
POST  bookings_api.lift_entry       --0+-+
GET   bookings_api.restrictions     ++++++
POST  bookings_api.lift_restriction --0+++

GET   inbox.listed                  ++++++
POST  inbox.read                    ++++++
POST  inbox.read_one                +00000
POST  inbox.unread_one              +00000
GET   inbox.choices                 ++++++
POST  inbox.choose                  ++++++
GET   inbox.deliveries              -----+
POST  inbox.retry_all               -----+
POST  inbox.retry                   -----+
GET   messages_api.listed           ++++++
POST  messages_api.read             ++++++
POST  messages_api.read_one         +00000
POST  messages_api.unread_one       +00000
GET   messages_api.choices          ++++++
POST  messages_api.choose           ++++++
GET   messages_api.deliveries       -----+
POST  messages_api.retry_all        -----+
POST  messages_api.retry            -----+
GET   clockwork.jobs                -----+
GET   clockwork.job                 -----+
GET   clockwork.preview             -----+
POST  clockwork.run                 -----+
POST  clockwork.pause               -----+
POST  clockwork.resume              -----+
GET   clockwork_api.jobs            -----+
GET   clockwork_api.job             -----+
GET   clockwork_api.preview         -----+
POST  clockwork_api.run             -----+
POST  clockwork_api.pause           -----+
POST  clockwork_api.resume          -----+
GET   audit.settings                -----+
GET   audit.listed                  -----+
GET   audit.export                  -----+
GET   audit_api.listed              -----+
GET   audit_api.settings            -----+
"""

# What a request needs before the door can say who may: an instrument is named in the form, not in the path.
FORMS: dict[str, dict[str, str]] = {
    "bookings.create": {"instrument": "SEM-01"},
    "bookings.join": {"instrument": "SEM-01"},
    "bookings.check": {"instrument": "SEM-01"},
}

TABLE: dict[tuple[str, str], str] = {
    (endpoint, method): marks
    for method, endpoint, marks in (line.split() for line in _TABLE.split("\n") if line.strip())
}
