-- Keys, users and sessions are the server's: tocsin_app has no right on them.
grant select, insert, update on api_key, user_account to tocsin_server;
grant select, insert, delete on recovery_code, invitation, handed_to to tocsin_server;
-- A rotation hands invitations to the successor of a key.
grant update (key_id) on invitation to tocsin_server;
grant select, insert, update, delete on user_session, refresh_token, sign_in_tries to tocsin_server;
grant select, insert on account_reset, address_salt to tocsin_server;
