//! The terminal app.
//!
//! | file | what lives there |
//! |---|---|
//! | [`command`] | THE table: every action, its keys and words |
//! | [`keymap`] | key strings, key presses, lookup |
//! | [`app`], [`update`] | the model; `update(&mut App, Msg) -> Vec<Effect>`, pure |
//! | [`config`] | the user's file: looks and keys |
//! | [`state`] | where the user is in panels and overlays, as plain data: what [`app`] is made of |
//! | [`applies`], [`keys`], [`mouse`], [`act`] | what applies now, what a key or a click means, what a command does |
//! | [`against`], [`here`] | two experiments to compare; reloads that keep the position |
//! | [`verbs`] | subcommands run from the palette |
//! | [`palette`], [`given`], [`asking`], [`points`], [`fault`] | lines and forms that are typed |
//! | [`view`], [`layout`], [`status`] | the screen: what goes where |
//! | [`panels`] | a file a panel |
//! | [`overlays`] | help, scene errors, crashes, findings, the loading screen |
//! | [`lesson`], [`teaching`], [`rehearsal`] | lessons; their pages on screen, presenter mode; a whole lesson run through |
//! | [`widgets`] | bars, floor plan, legends, units |
//! | [`copy`], [`paste`] | what goes to the clipboard, and what comes from it |
//! | [`theme`], [`looks`], [`heat`] | colours by meaning, how to change them; heat metrics and scales |
//! | [`stage`], [`capture`] | the app without a terminal; its screen as text or SVG |
//! | [`term`], [`run`](mod@run) | terminal, panics, signals; the event loop |
//!
//! To add a panel: a variant of [`panels::PanelId`], a file beside the others, a place in
//! [`layout`], a row in [`command::COMMANDS`].

pub mod act;
pub mod against;
pub mod app;
pub mod applies;
pub mod asking;
pub mod capture;
pub mod command;
pub mod config;
pub mod copy;
pub mod fault;
pub mod gdb;
pub mod given;
pub mod heat;
pub mod here;
pub mod keep;
pub mod key_doc;
pub mod keymap;
pub mod keys;
pub mod layout;
pub mod lesson;
pub mod looks;
pub mod mouse;
pub mod overlays;
pub mod palette;
pub mod panel;
pub mod panels;
pub mod paste;
pub mod picker;
pub mod pins;
pub mod points;
pub mod presses;
pub mod rehearsal;
pub mod results;
pub mod run;
pub mod search;
pub mod stage;
pub mod state;
pub mod status;
pub mod teaching;
pub mod term;
pub mod theme;
pub mod update;
pub mod verbs;
pub mod view;
pub mod widgets;

pub use self::run::{TuiOptions, run};
pub use self::theme::LooksChoice;
pub use self::theme::depth::ColorChoice;
