//! `wh.toml`, the user's `config.toml` and the environment: who is believed, and what a project's file may not do.

use std::fs;
use std::os::unix::fs::symlink;

use crate::support::{ACME, Endpoint, Wh, signature_of_wpg};

/// The program with a home of its own, in which `config.toml` stands.
fn with_user(config: &str) -> Wh {
    let world = Wh::new().file("home/.config/wh/config.toml", config);
    let home = world.folder().join("home");
    world.env("HOME", home)
}

/// What `wh -v` says of the settings, without the secret.
#[track_caller]
fn told(world: Wh, arguments: &[&str]) -> Vec<String> {
    let output = world.args(arguments).args(["-v"]).run();
    output.exit(0).stdout();
    let notes = output.stderr_text().lines().filter_map(|line| line.strip_prefix("note: "));
    notes.filter(|note| note.contains(", from ")).map(str::to_owned).collect()
}

const SIGN: &[&str] = &["sign", "slot.submitted"];

#[test]
fn a_flag_comes_before_the_environment_before_the_project_before_the_user() {
    let user = "to = \"1001/user\"\n";
    let project = "to = \"1002/project\"\n";
    let expect = |world: Wh, arguments: &[&str], note: &str| {
        assert_eq!(told(world, &[SIGN, arguments].concat()), [note], "{arguments:?}");
    };
    let home = |world: &Wh| world.folder().join("home/.config/wh/config.toml").display().to_string();
    let world = with_user(user);
    let path = home(&world);
    expect(world, &[], &format!("to is http://localhost:1001/user, from {path}:1"));
    let world = || with_user(user).file("wh.toml", project);
    expect(world(), &[], "to is http://localhost:1002/project, from ./wh.toml:1");
    expect(world().env("WH_TO", "1003/env"), &[], "to is http://localhost:1003/env, from WH_TO");
    expect(world().env("WH_TO", "1003/env"), &["--to", "1004"], "to is http://localhost:1004/, from --to");
    let output = world().args(SIGN).args(["--no-config", "-v"]).run();
    output.exit(0).stdout_contains("Host: localhost:3000");
    assert!(!output.stderr_text().contains(" from "), "{}", output.stderr_text());
}

#[test]
fn a_scheme_and_a_catalogue_are_taken_from_the_flag_before_the_environment_before_the_file() {
    let world = || {
        let world = Wh::new().file("wh.toml", "scheme = \"comps\"\ncatalogue = \"one\"\n");
        ["one", "two", "three"].into_iter().fold(world, |world, folder| {
            world
                .file(&format!("{folder}/acme/provider.toml"), ACME)
                .file(&format!("{folder}/acme/events/a.json"), "{}")
        })
    };
    let notes = |world: Wh, arguments: &[&str]| told(world, &[&["events"], arguments].concat());
    assert_eq!(notes(world(), &[]), ["catalogue is one, from ./wh.toml:2", "scheme is comps, from ./wh.toml:1"]);
    let set = || world().env("WH_SCHEME", "whop").env("WH_CATALOGUE", "two");
    assert_eq!(notes(set(), &[]), ["catalogue is two, from WH_CATALOGUE", "scheme is whop, from WH_SCHEME"]);
    let typed = notes(set(), &["--scheme", "wpg", "--catalogue", "three"]);
    assert_eq!(typed, ["catalogue is three, from --catalogue", "scheme is wpg, from --scheme"]);
}

#[test]
fn a_variable_without_a_word_in_it_says_nothing() {
    let world = Wh::new().file("wh.toml", "scheme = \"wpg\"\nto = \"1002\"\n");
    let world =
        ["WH_SCHEME", "WH_TO", "WH_CATALOGUE", "WH_PROFILE"].into_iter().fold(world, |world, name| world.env(name, ""));
    let notes = told(world, SIGN);
    assert_eq!(notes, ["scheme is wpg, from ./wh.toml:1", "to is http://localhost:1002/, from ./wh.toml:2"]);
}

#[test]
fn a_profile_comes_before_what_stands_at_the_top_of_either_file() {
    let user = "[profile.staging]\nto = \"1001\"\nscheme = \"whop\"\n\n[profile.mine]\nto = \"1005\"\n";
    let project = "to = \"1002\"\nscheme = \"wpg\"\n\n[profile.staging]\nto = \"1003\"\n";
    let world = || with_user(user).file("wh.toml", project);
    let notes = |world: Wh, arguments: &[&str]| told(world, &[SIGN, arguments].concat());
    assert_eq!(
        notes(world(), &[]),
        ["scheme is wpg, from ./wh.toml:2", "to is http://localhost:1002/, from ./wh.toml:1"]
    );
    let staging = notes(world(), &["--profile", "staging"]);
    assert!(staging[0].starts_with("scheme is whop, from /") && staging[0].ends_with(":3 (profile staging)"));
    assert_eq!(staging[1], "to is http://localhost:1003/, from ./wh.toml:5 (profile staging)");
    let mine = notes(world().env("WH_PROFILE", "mine"), &[]);
    assert_eq!(mine[0], "scheme is wpg, from ./wh.toml:2");
    assert!(mine[1].starts_with("to is http://localhost:1005/") && mine[1].ends_with(":6 (profile mine)"), "{mine:?}");
    let typed = notes(world().env("WH_PROFILE", "mine"), &["--profile", "staging"]);
    assert_eq!(typed[1], staging[1]);
}

#[test]
fn a_profile_that_is_not_there_is_told_with_the_nearest() {
    for arguments in [&["events"][..], &["send", "slot.submitted"], &["schemes"], &["listen"]] {
        let world = Wh::new().file("wh.toml", "[profile.staging]\nto = \"1\"\n");
        let output = world.args(arguments).args(["--profile", "stagng"]).run();
        output.exit(2).stderr_contains("there is no profile `stagng`").hint_contains("`staging`");
    }
    let output = Wh::new().args(["events"]).env("WH_PROFILE", "live").run();
    output.exit(2).stderr_contains("`live`").hint_contains("[profile.live] into ./wh.toml");
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_place_and_the_nearest_word() {
    for (file, message, hint) in [
        ("scheme = \"wgp\"\n", "./wh.toml:1:10: there is no scheme `wgp`", "did you mean `wpg`?"),
        ("\nshceme = \"wpg\"\n", "./wh.toml:2:1: unknown key `shceme`", "did you mean `scheme`?"),
        ("to = \"ftp://x\"\n", "./wh.toml:1:6: `to`: `ftp://x` is no URL", "3000"),
        (
            "catalogue = \"missing\"\n",
            "./wh.toml:1:13: `catalogue`: there is no folder `missing`",
            "folder of this file",
        ),
        ("to = \n", "./wh.toml:1:", ""),
        ("secret = \"hunter2\"\n", "./wh.toml:1:1: a secret does not belong in this file", "secret-env"),
        ("scheme = \"wpg\"\nsecret-env = \"hunter2\"\n", "./wh.toml:2:14: ", "SHOP_WEBHOOK_SECRET"),
        ("[profile.a]\nallow-remote = true\n", "./wh.toml:2:1: unknown key `allow-remote` in [profile.a]", "scheme"),
    ] {
        let output = Wh::new().file("wh.toml", file).args(["send", "slot.submitted"]).run();
        output.exit(2).stderr_contains(message);
        assert!(!output.stderr_text().contains("hunter2"), "{}", output.stderr_text());
        if !hint.is_empty() {
            output.hint_contains(hint);
        }
        let error = Wh::new().file("wh.toml", file).args(["sign", "slot.submitted", "--json"]).run();
        assert_eq!(error.exit(2).json("error")["code"], "bad-file");
    }
    let output = Wh::new().file("wh.toml/file", "").args(["events"]).run();
    output.exit(2).stderr_contains("`./wh.toml` cannot be read").hint_contains("");
    let large = "#".repeat(2 * 1024 * 1024);
    Wh::new().file("wh.toml", large).args(["events"]).run().exit(2).stderr_contains("larger than 1 MiB");
    let output = Wh::new().args(["sign", "slot.submitted"]).env("WH_TO", "ftp://x").run();
    output.exit(2).stderr_contains("WH_TO: `ftp://x` is no URL").hint_contains("3000");
}

#[test]
fn a_provider_that_is_set_steps_back_behind_one_that_is_typed() {
    let wpg = || Wh::new().file("wh.toml", "scheme = \"wpg\"\n");
    wpg().args(["sign", "whop/payment.succeeded", "-q"]).run().exit(0).stdout_contains("Whop");
    wpg().args(["sign", "slot.submitted", "-q", "-s", "whop"]).run().exit(2).stderr_contains("in whop");
    // Nobody but one provider has an event of that name.
    wpg().args(["sign", "push", "-q"]).run().exit(0).stdout_contains("X-GitHub-Event: push");
    let events = wpg().args(["events"]).run();
    assert!(events.exit(0).stdout_text().contains("slot.submitted") && !events.stdout_text().contains("push"));
    wpg().args(["events", "github"]).run().exit(0).stdout_contains("push");
    wpg().args(["events", "*/push"]).run().exit(0).stdout_contains("GitHub");
    // An event of several providers is that of the one that is set.
    let whop = Wh::new().file("wh.toml", "scheme = \"whop-v1\"\n");
    whop.args(["sign", "payment.succeeded", "-q"]).run().exit(0).stdout_contains("webhook-signature");
    Wh::new().file("wh.toml", "scheme = \"wpg\"\n").args(["send", "--all"]).run().exit(0).stdout_contains("slot.");
}

#[test]
fn the_target_and_the_secret_of_a_project_are_used() {
    let endpoint = Endpoint::new();
    let file = format!("to = \"{}/hook\"\nsecret-env = \"SHOP_WEBHOOK_SECRET\"\nscheme = \"wpg\"\n", endpoint.port());
    let world = || Wh::new().file("wh.toml", &file);
    world().env("SHOP_WEBHOOK_SECRET", "ours").args(["send", "slot.submitted", "-q"]).run().exit(0);
    let arrivals = endpoint.arrivals();
    let arrival = &arrivals[0];
    assert_eq!(arrival.header("X-WPG-Signature"), signature_of_wpg(arrival, "ours"));
    // The environment comes first.
    let output = world()
        .env("SHOP_WEBHOOK_SECRET", "ours")
        .env("WPG_WEBHOOK_SECRET", "mine")
        .args(["listen", "--print-secret"])
        .run();
    assert_eq!(output.exit(0).stdout_text(), "mine\n");
    // A provider that the file does not name has another secret.
    let output = world().args(["listen", "--print-secret", "-s", "whop"]).run();
    assert_eq!(output.exit(0).stdout_text().lines().count(), 1);
    let output = world().args(["send", "slot.submitted"]).run();
    output.exit(2).stderr_contains("./wh.toml:2: the environment variable `SHOP_WEBHOOK_SECRET` is not set");
}

#[test]
fn a_secret_of_the_project_is_read_from_a_file_in_it() {
    let world =
        Wh::new().file("wh.toml", "scheme = \"wpg\"\nsecret-file = \"secrets/wpg\"\n").file("secrets/wpg", "ours\n");
    let output = world.args(["listen", "--print-secret"]).run();
    assert_eq!(output.exit(0).stdout_text(), "ours\n");
    let world = Wh::new().file("wh.toml", "scheme = \"wpg\"\nsecret-file = \"secrets/wpg\"\n");
    world.args(["listen", "--print-secret"]).run().exit(2).stderr_contains("secrets/wpg` cannot be read");
}

#[test]
fn a_project_leads_to_no_file_outside_of_it() {
    let outside = tempfile::tempdir().expect("a directory");
    let secret = fs::canonicalize(outside.path()).expect("a real path").join("id_ed25519");
    fs::write(&secret, "private").expect("a file");
    let world = |path: &str| Wh::new().file("wh.toml", format!("scheme = \"wpg\"\nsecret-file = \"{path}\"\n"));
    let absolute = secret.display().to_string();
    let linked = |world: Wh| {
        symlink(&secret, world.folder().join("link")).expect("a link");
        world
    };
    let home = |world: Wh| world.env("HOME", outside.path());
    for (name, world) in [
        ("absolute", world(&absolute)),
        ("linked", linked(world("link"))),
        ("of the home", home(world("~/id_ed25519"))),
    ] {
        let output = world.args(["sign", "slot.submitted", "--json"]).run();
        let error = output.exit(2).json("error");
        assert_eq!(error["code"], "untrusted-secret", "{name}: {error}");
        assert!(error["message"].as_str().is_some_and(|told| told.starts_with("./wh.toml:2: ")), "{error}");
        assert!(error["hint"].as_str().is_some_and(|told| told.contains("--secret-file")), "{error}");
        assert_eq!(output.stderr_text(), "", "{name}");
    }
    // Who means it says so; the user's own file is believed.
    world(&absolute).args(["send", "slot.submitted", "--allow-remote", "-q"]).run().exit(0);
    world(&absolute).args(["sign", "slot.submitted", "--secret-file", &absolute, "-q"]).run().exit(0).stdout();
    let user = with_user(&format!("secret-file = \"{absolute}\"\n"));
    let output = user.args(["listen", "--print-secret", "-s", "wpg"]).run();
    assert_eq!(output.exit(0).stdout_text(), "private\n");
}

#[test]
fn a_project_leads_to_no_variable_of_somebody_else() {
    let world = || {
        Wh::new()
            .file("wh.toml", "scheme = \"unibo\"\nsecret-env = \"AWS_SECRET_ACCESS_KEY\"\n")
            .env("AWS_SECRET_ACCESS_KEY", "hunter2")
    };
    for arguments in [&["sign", "PLAYER_OPTED_IN"][..], &["send", "PLAYER_OPTED_IN"], &["listen", "--print-secret"]] {
        let output = world().args(arguments).run();
        output.exit(2).stderr_contains("./wh.toml:2: `AWS_SECRET_ACCESS_KEY` is not named like");
        output.hint_contains("--secret-env AWS_SECRET_ACCESS_KEY");
        assert!(!String::from_utf8_lossy(&output.everything()).contains("hunter2"));
    }
    let output = world().args(["listen", "--print-secret", "--secret-env", "AWS_SECRET_ACCESS_KEY"]).run();
    assert_eq!(output.exit(0).stdout_text(), "hunter2\n");
}

#[test]
fn a_project_sends_to_no_other_machine() {
    let world = || {
        Wh::new()
            .file("wh.toml", "to = \"https://collector.example/x\"\nsecret-env = \"WPG_WEBHOOK_SECRET\"\n")
            .env("WPG_WEBHOOK_SECRET", "ours")
    };
    let output = world().args(["send", "slot.submitted"]).run();
    output
        .exit(2)
        .stderr_contains("`https://collector.example/x` is not on this machine")
        .hint_contains("--allow-remote");
}

#[test]
fn paths_are_read_from_the_folder_of_their_file() {
    let user = with_user("catalogue = \"providers\"\n")
        .file("home/.config/wh/providers/acme/provider.toml", ACME)
        .file("home/.config/wh/providers/acme/events/rocket.launched.json", "{\"type\":\"rocket.launched\"}");
    user.args(["send", "rocket.launched"]).run().exit(0).stdout_contains("acme rocket.launched");
    let project = || {
        Wh::new()
            .file("wh.toml", "scheme = \"acme\"\ncatalogue = \"webhooks\"\n")
            .file("webhooks/acme/provider.toml", ACME)
            .file("webhooks/acme/events/rocket.launched.json", "{\"type\":\"rocket.launched\"}")
    };
    project().args(["send", "--all"]).run().exit(0).stdout_contains("acme rocket.launched");
    let broken = project().file("webhooks/acme/provider.toml", "title = ");
    broken.args(["send", "--all"]).run().exit(2).stderr_contains("error: webhooks/acme/provider.toml:1:");
}

#[test]
fn a_file_of_settings_is_not_needed_to_print_completions() {
    let world = Wh::new().file("wh.toml", "nonsense");
    world.args(["completions", "bash"]).run().exit(0).stdout_contains("WH_COMPLETE");
}
