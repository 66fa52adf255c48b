// The files of web/, taken into the executable by the compiler. A new file needs its lines here twice; a test compares the list with web/.
#include "CWebClient.h"

static const unsigned char app_css[] = {
#embed "../../web/app.css"
};
static const unsigned char css_dialog_css[] = {
#embed "../../web/css/dialog.css"
};
static const unsigned char css_entry_css[] = {
#embed "../../web/css/entry.css"
};
static const unsigned char css_files_css[] = {
#embed "../../web/css/files.css"
};
static const unsigned char css_list_css[] = {
#embed "../../web/css/list.css"
};
static const unsigned char css_message_css[] = {
#embed "../../web/css/message.css"
};
static const unsigned char css_room_css[] = {
#embed "../../web/css/room.css"
};
static const unsigned char icon_svg[] = {
#embed "../../web/icon.svg"
};
static const unsigned char index_html[] = {
#embed "../../web/index.html"
};
static const unsigned char js_account_js[] = {
#embed "../../web/js/account.js"
};
static const unsigned char js_api_js[] = {
#embed "../../web/js/api.js"
};
static const unsigned char js_app_js[] = {
#embed "../../web/js/app.js"
};
static const unsigned char js_appliance_js[] = {
#embed "../../web/js/appliance.js"
};
static const unsigned char js_backoff_js[] = {
#embed "../../web/js/backoff.js"
};
static const unsigned char js_carrier_js[] = {
#embed "../../web/js/carrier.js"
};
static const unsigned char js_describe_js[] = {
#embed "../../web/js/describe.js"
};
static const unsigned char js_dom_js[] = {
#embed "../../web/js/dom.js"
};
static const unsigned char js_drafts_js[] = {
#embed "../../web/js/drafts.js"
};
static const unsigned char js_emitter_js[] = {
#embed "../../web/js/emitter.js"
};
static const unsigned char js_errors_js[] = {
#embed "../../web/js/errors.js"
};
static const unsigned char js_file_shelf_js[] = {
#embed "../../web/js/file-shelf.js"
};
static const unsigned char js_files_explain_js[] = {
#embed "../../web/js/files/explain.js"
};
static const unsigned char js_files_kinds_js[] = {
#embed "../../web/js/files/kinds.js"
};
static const unsigned char js_files_paths_js[] = {
#embed "../../web/js/files/paths.js"
};
static const unsigned char js_files_queue_js[] = {
#embed "../../web/js/files/queue.js"
};
static const unsigned char js_files_store_js[] = {
#embed "../../web/js/files/store.js"
};
static const unsigned char js_files_tus_js[] = {
#embed "../../web/js/files/tus.js"
};
static const unsigned char js_files_uploads_js[] = {
#embed "../../web/js/files/uploads.js"
};
static const unsigned char js_files_walk_js[] = {
#embed "../../web/js/files/walk.js"
};
static const unsigned char js_format_js[] = {
#embed "../../web/js/format.js"
};
static const unsigned char js_i18n_js[] = {
#embed "../../web/js/i18n.js"
};
static const unsigned char js_ids_js[] = {
#embed "../../web/js/ids.js"
};
static const unsigned char js_ime_js[] = {
#embed "../../web/js/ime.js"
};
static const unsigned char js_items_js[] = {
#embed "../../web/js/items.js"
};
static const unsigned char js_layers_js[] = {
#embed "../../web/js/layers.js"
};
static const unsigned char js_leader_js[] = {
#embed "../../web/js/leader.js"
};
static const unsigned char js_linkify_js[] = {
#embed "../../web/js/linkify.js"
};
static const unsigned char js_main_js[] = {
#embed "../../web/js/main.js"
};
static const unsigned char js_media_js[] = {
#embed "../../web/js/media.js"
};
static const unsigned char js_naming_js[] = {
#embed "../../web/js/naming.js"
};
static const unsigned char js_notify_js[] = {
#embed "../../web/js/notify.js"
};
static const unsigned char js_outbox_shelf_js[] = {
#embed "../../web/js/outbox-shelf.js"
};
static const unsigned char js_outbox_js[] = {
#embed "../../web/js/outbox.js"
};
static const unsigned char js_people_js[] = {
#embed "../../web/js/people.js"
};
static const unsigned char js_picture_js[] = {
#embed "../../web/js/picture.js"
};
static const unsigned char js_preferences_js[] = {
#embed "../../web/js/preferences.js"
};
static const unsigned char js_receipts_js[] = {
#embed "../../web/js/receipts.js"
};
static const unsigned char js_room_name_js[] = {
#embed "../../web/js/room-name.js"
};
static const unsigned char js_room_js[] = {
#embed "../../web/js/room.js"
};
static const unsigned char js_rooms_js[] = {
#embed "../../web/js/rooms.js"
};
static const unsigned char js_route_js[] = {
#embed "../../web/js/route.js"
};
static const unsigned char js_session_js[] = {
#embed "../../web/js/session.js"
};
static const unsigned char js_state_js[] = {
#embed "../../web/js/state.js"
};
static const unsigned char js_storage_js[] = {
#embed "../../web/js/storage.js"
};
static const unsigned char js_sync_js[] = {
#embed "../../web/js/sync.js"
};
static const unsigned char js_timeline_js[] = {
#embed "../../web/js/timeline.js"
};
static const unsigned char js_types_js[] = {
#embed "../../web/js/types.js"
};
static const unsigned char js_upload_js[] = {
#embed "../../web/js/upload.js"
};
static const unsigned char js_viewport_js[] = {
#embed "../../web/js/viewport.js"
};
static const unsigned char js_views_attachment_body_js[] = {
#embed "../../web/js/views/attachment-body.js"
};
static const unsigned char js_views_attachment_tray_js[] = {
#embed "../../web/js/views/attachment-tray.js"
};
static const unsigned char js_views_avatar_js[] = {
#embed "../../web/js/views/avatar.js"
};
static const unsigned char js_views_banner_js[] = {
#embed "../../web/js/views/banner.js"
};
static const unsigned char js_views_composer_js[] = {
#embed "../../web/js/views/composer.js"
};
static const unsigned char js_views_dialog_js[] = {
#embed "../../web/js/views/dialog.js"
};
static const unsigned char js_views_directory_js[] = {
#embed "../../web/js/views/directory.js"
};
static const unsigned char js_views_drop_js[] = {
#embed "../../web/js/views/drop.js"
};
static const unsigned char js_views_entry_js[] = {
#embed "../../web/js/views/entry.js"
};
static const unsigned char js_views_files_actions_js[] = {
#embed "../../web/js/views/files/actions.js"
};
static const unsigned char js_views_files_app_passwords_js[] = {
#embed "../../web/js/views/files/app-passwords.js"
};
static const unsigned char js_views_files_ask_name_js[] = {
#embed "../../web/js/views/files/ask-name.js"
};
static const unsigned char js_views_files_bin_js[] = {
#embed "../../web/js/views/files/bin.js"
};
static const unsigned char js_views_files_details_js[] = {
#embed "../../web/js/views/files/details.js"
};
static const unsigned char js_views_files_file_item_js[] = {
#embed "../../web/js/views/files/file-item.js"
};
static const unsigned char js_views_files_file_list_js[] = {
#embed "../../web/js/views/files/file-list.js"
};
static const unsigned char js_views_files_folder_js[] = {
#embed "../../web/js/views/files/folder.js"
};
static const unsigned char js_views_files_guest_link_js[] = {
#embed "../../web/js/views/files/guest-link.js"
};
static const unsigned char js_views_files_item_menu_js[] = {
#embed "../../web/js/views/files/item-menu.js"
};
static const unsigned char js_views_files_names_js[] = {
#embed "../../web/js/views/files/names.js"
};
static const unsigned char js_views_files_open_js[] = {
#embed "../../web/js/views/files/open.js"
};
static const unsigned char js_views_files_page_js[] = {
#embed "../../web/js/views/files/page.js"
};
static const unsigned char js_views_files_pick_folder_js[] = {
#embed "../../web/js/views/files/pick-folder.js"
};
static const unsigned char js_views_files_pick_room_js[] = {
#embed "../../web/js/views/files/pick-room.js"
};
static const unsigned char js_views_files_quota_js[] = {
#embed "../../web/js/views/files/quota.js"
};
static const unsigned char js_views_files_room_files_js[] = {
#embed "../../web/js/views/files/room-files.js"
};
static const unsigned char js_views_files_roots_js[] = {
#embed "../../web/js/views/files/roots.js"
};
static const unsigned char js_views_files_search_js[] = {
#embed "../../web/js/views/files/search.js"
};
static const unsigned char js_views_files_selection_bar_js[] = {
#embed "../../web/js/views/files/selection-bar.js"
};
static const unsigned char js_views_files_shares_js[] = {
#embed "../../web/js/views/files/shares.js"
};
static const unsigned char js_views_files_upload_sheet_js[] = {
#embed "../../web/js/views/files/upload-sheet.js"
};
static const unsigned char js_views_files_upload_strip_js[] = {
#embed "../../web/js/views/files/upload-strip.js"
};
static const unsigned char js_views_form_js[] = {
#embed "../../web/js/views/form.js"
};
static const unsigned char js_views_invite_to_box_js[] = {
#embed "../../web/js/views/invite-to-box.js"
};
static const unsigned char js_views_invite_to_room_js[] = {
#embed "../../web/js/views/invite-to-room.js"
};
static const unsigned char js_views_lazy_js[] = {
#embed "../../web/js/views/lazy.js"
};
static const unsigned char js_views_lightbox_js[] = {
#embed "../../web/js/views/lightbox.js"
};
static const unsigned char js_views_login_js[] = {
#embed "../../web/js/views/login.js"
};
static const unsigned char js_views_message_body_js[] = {
#embed "../../web/js/views/message-body.js"
};
static const unsigned char js_views_message_menu_js[] = {
#embed "../../web/js/views/message-menu.js"
};
static const unsigned char js_views_new_chat_js[] = {
#embed "../../web/js/views/new-chat.js"
};
static const unsigned char js_views_new_room_js[] = {
#embed "../../web/js/views/new-room.js"
};
static const unsigned char js_views_password_js[] = {
#embed "../../web/js/views/password.js"
};
static const unsigned char js_views_people_picker_js[] = {
#embed "../../web/js/views/people-picker.js"
};
static const unsigned char js_views_reactions_js[] = {
#embed "../../web/js/views/reactions.js"
};
static const unsigned char js_views_read_marker_js[] = {
#embed "../../web/js/views/read-marker.js"
};
static const unsigned char js_views_reply_quote_js[] = {
#embed "../../web/js/views/reply-quote.js"
};
static const unsigned char js_views_room_info_js[] = {
#embed "../../web/js/views/room-info.js"
};
static const unsigned char js_views_room_list_js[] = {
#embed "../../web/js/views/room-list.js"
};
static const unsigned char js_views_room_row_js[] = {
#embed "../../web/js/views/room-row.js"
};
static const unsigned char js_views_room_js[] = {
#embed "../../web/js/views/room.js"
};
static const unsigned char js_views_save_js[] = {
#embed "../../web/js/views/save.js"
};
static const unsigned char js_views_sessions_js[] = {
#embed "../../web/js/views/sessions.js"
};
static const unsigned char js_views_settings_js[] = {
#embed "../../web/js/views/settings.js"
};
static const unsigned char js_views_shell_js[] = {
#embed "../../web/js/views/shell.js"
};
static const unsigned char js_views_sign_up_js[] = {
#embed "../../web/js/views/sign-up.js"
};
static const unsigned char js_views_timeline_row_js[] = {
#embed "../../web/js/views/timeline-row.js"
};
static const unsigned char js_views_timeline_js[] = {
#embed "../../web/js/views/timeline.js"
};
static const unsigned char js_views_toast_js[] = {
#embed "../../web/js/views/toast.js"
};
static const unsigned char js_views_typing_js[] = {
#embed "../../web/js/views/typing.js"
};
static const unsigned char js_views_unreachable_js[] = {
#embed "../../web/js/views/unreachable.js"
};
static const unsigned char js_views_viewer_js[] = {
#embed "../../web/js/views/viewer.js"
};
static const unsigned char lang_en_json[] = {
#embed "../../web/lang/en.json"
};
static const unsigned char lang_files_en_json[] = {
#embed "../../web/lang/files.en.json"
};
static const unsigned char lang_files_zh_hans_json[] = {
#embed "../../web/lang/files.zh-Hans.json"
};
static const unsigned char lang_zh_hans_json[] = {
#embed "../../web/lang/zh-Hans.json"
};
static const unsigned char manifest_webmanifest[] = {
#embed "../../web/manifest.webmanifest"
};

#define FILE(path, name) { path, name, sizeof name }

static const landline_web_file files[] = {
    FILE("app.css", app_css),
    FILE("css/dialog.css", css_dialog_css),
    FILE("css/entry.css", css_entry_css),
    FILE("css/files.css", css_files_css),
    FILE("css/list.css", css_list_css),
    FILE("css/message.css", css_message_css),
    FILE("css/room.css", css_room_css),
    FILE("icon.svg", icon_svg),
    FILE("index.html", index_html),
    FILE("js/account.js", js_account_js),
    FILE("js/api.js", js_api_js),
    FILE("js/app.js", js_app_js),
    FILE("js/appliance.js", js_appliance_js),
    FILE("js/backoff.js", js_backoff_js),
    FILE("js/carrier.js", js_carrier_js),
    FILE("js/describe.js", js_describe_js),
    FILE("js/dom.js", js_dom_js),
    FILE("js/drafts.js", js_drafts_js),
    FILE("js/emitter.js", js_emitter_js),
    FILE("js/errors.js", js_errors_js),
    FILE("js/file-shelf.js", js_file_shelf_js),
    FILE("js/files/explain.js", js_files_explain_js),
    FILE("js/files/kinds.js", js_files_kinds_js),
    FILE("js/files/paths.js", js_files_paths_js),
    FILE("js/files/queue.js", js_files_queue_js),
    FILE("js/files/store.js", js_files_store_js),
    FILE("js/files/tus.js", js_files_tus_js),
    FILE("js/files/uploads.js", js_files_uploads_js),
    FILE("js/files/walk.js", js_files_walk_js),
    FILE("js/format.js", js_format_js),
    FILE("js/i18n.js", js_i18n_js),
    FILE("js/ids.js", js_ids_js),
    FILE("js/ime.js", js_ime_js),
    FILE("js/items.js", js_items_js),
    FILE("js/layers.js", js_layers_js),
    FILE("js/leader.js", js_leader_js),
    FILE("js/linkify.js", js_linkify_js),
    FILE("js/main.js", js_main_js),
    FILE("js/media.js", js_media_js),
    FILE("js/naming.js", js_naming_js),
    FILE("js/notify.js", js_notify_js),
    FILE("js/outbox-shelf.js", js_outbox_shelf_js),
    FILE("js/outbox.js", js_outbox_js),
    FILE("js/people.js", js_people_js),
    FILE("js/picture.js", js_picture_js),
    FILE("js/preferences.js", js_preferences_js),
    FILE("js/receipts.js", js_receipts_js),
    FILE("js/room-name.js", js_room_name_js),
    FILE("js/room.js", js_room_js),
    FILE("js/rooms.js", js_rooms_js),
    FILE("js/route.js", js_route_js),
    FILE("js/session.js", js_session_js),
    FILE("js/state.js", js_state_js),
    FILE("js/storage.js", js_storage_js),
    FILE("js/sync.js", js_sync_js),
    FILE("js/timeline.js", js_timeline_js),
    FILE("js/types.js", js_types_js),
    FILE("js/upload.js", js_upload_js),
    FILE("js/viewport.js", js_viewport_js),
    FILE("js/views/attachment-body.js", js_views_attachment_body_js),
    FILE("js/views/attachment-tray.js", js_views_attachment_tray_js),
    FILE("js/views/avatar.js", js_views_avatar_js),
    FILE("js/views/banner.js", js_views_banner_js),
    FILE("js/views/composer.js", js_views_composer_js),
    FILE("js/views/dialog.js", js_views_dialog_js),
    FILE("js/views/directory.js", js_views_directory_js),
    FILE("js/views/drop.js", js_views_drop_js),
    FILE("js/views/entry.js", js_views_entry_js),
    FILE("js/views/files/actions.js", js_views_files_actions_js),
    FILE("js/views/files/app-passwords.js", js_views_files_app_passwords_js),
    FILE("js/views/files/ask-name.js", js_views_files_ask_name_js),
    FILE("js/views/files/bin.js", js_views_files_bin_js),
    FILE("js/views/files/details.js", js_views_files_details_js),
    FILE("js/views/files/file-item.js", js_views_files_file_item_js),
    FILE("js/views/files/file-list.js", js_views_files_file_list_js),
    FILE("js/views/files/folder.js", js_views_files_folder_js),
    FILE("js/views/files/guest-link.js", js_views_files_guest_link_js),
    FILE("js/views/files/item-menu.js", js_views_files_item_menu_js),
    FILE("js/views/files/names.js", js_views_files_names_js),
    FILE("js/views/files/open.js", js_views_files_open_js),
    FILE("js/views/files/page.js", js_views_files_page_js),
    FILE("js/views/files/pick-folder.js", js_views_files_pick_folder_js),
    FILE("js/views/files/pick-room.js", js_views_files_pick_room_js),
    FILE("js/views/files/quota.js", js_views_files_quota_js),
    FILE("js/views/files/room-files.js", js_views_files_room_files_js),
    FILE("js/views/files/roots.js", js_views_files_roots_js),
    FILE("js/views/files/search.js", js_views_files_search_js),
    FILE("js/views/files/selection-bar.js", js_views_files_selection_bar_js),
    FILE("js/views/files/shares.js", js_views_files_shares_js),
    FILE("js/views/files/upload-sheet.js", js_views_files_upload_sheet_js),
    FILE("js/views/files/upload-strip.js", js_views_files_upload_strip_js),
    FILE("js/views/form.js", js_views_form_js),
    FILE("js/views/invite-to-box.js", js_views_invite_to_box_js),
    FILE("js/views/invite-to-room.js", js_views_invite_to_room_js),
    FILE("js/views/lazy.js", js_views_lazy_js),
    FILE("js/views/lightbox.js", js_views_lightbox_js),
    FILE("js/views/login.js", js_views_login_js),
    FILE("js/views/message-body.js", js_views_message_body_js),
    FILE("js/views/message-menu.js", js_views_message_menu_js),
    FILE("js/views/new-chat.js", js_views_new_chat_js),
    FILE("js/views/new-room.js", js_views_new_room_js),
    FILE("js/views/password.js", js_views_password_js),
    FILE("js/views/people-picker.js", js_views_people_picker_js),
    FILE("js/views/reactions.js", js_views_reactions_js),
    FILE("js/views/read-marker.js", js_views_read_marker_js),
    FILE("js/views/reply-quote.js", js_views_reply_quote_js),
    FILE("js/views/room-info.js", js_views_room_info_js),
    FILE("js/views/room-list.js", js_views_room_list_js),
    FILE("js/views/room-row.js", js_views_room_row_js),
    FILE("js/views/room.js", js_views_room_js),
    FILE("js/views/save.js", js_views_save_js),
    FILE("js/views/sessions.js", js_views_sessions_js),
    FILE("js/views/settings.js", js_views_settings_js),
    FILE("js/views/shell.js", js_views_shell_js),
    FILE("js/views/sign-up.js", js_views_sign_up_js),
    FILE("js/views/timeline-row.js", js_views_timeline_row_js),
    FILE("js/views/timeline.js", js_views_timeline_js),
    FILE("js/views/toast.js", js_views_toast_js),
    FILE("js/views/typing.js", js_views_typing_js),
    FILE("js/views/unreachable.js", js_views_unreachable_js),
    FILE("js/views/viewer.js", js_views_viewer_js),
    FILE("lang/en.json", lang_en_json),
    FILE("lang/files.en.json", lang_files_en_json),
    FILE("lang/files.zh-Hans.json", lang_files_zh_hans_json),
    FILE("lang/zh-Hans.json", lang_zh_hans_json),
    FILE("manifest.webmanifest", manifest_webmanifest),
};

const landline_web_file *landline_web_files(void) { return files; }

size_t landline_web_file_count(void) { return sizeof files / sizeof files[0]; }
