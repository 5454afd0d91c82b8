//! Where a newer answer cannot be bought, an older good one stands, whichever provider gave it.

use super::world::World;
use serde_json::Value;

const ENTRIES: &str =
    "[{ provider: enrich, accept: confidence >= 70 }, { provider: tomba }]";
const EXPIRED: &str = "\n    reuse: { hit: 1ms, miss: 1ms }";

/// Nobody is asked any more, or only the first: what was good stays, and what was turned down stays away.
#[test]
fn an_older_good_answer_of_any_entry_stays() {
    for left in [0, 60] {
        let world = World::new(70, Vec::new());
        world.pipeline(ENTRIES, "");
        world.place.run().expect(0);
        let before = world.output();
        world.pipeline(&format!("{ENTRIES}{EXPIRED}"), "");
        let balance = world.enrich.call(http::Method::GET, "wallets/balance", "");
        world.enrich.top_up(left - balance["data"]["balance"].as_i64().unwrap());
        let json = world.place.run().expect(4).json();
        let after = world.output();
        let mut stale = [0, 0];
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before["email"], after["email"], "{after}");
            let receipt = |row: &Value| row["_leadmill"]["mail"]["provider"].clone();
            if after["mail_status"] == "stale" {
                assert_eq!(before["mail_status"], "hit", "{after}");
                assert_eq!(receipt(before), receipt(after), "{after}");
                stale[usize::from(receipt(after) == "tomba")] += 1;
            }
        }
        assert!(stale.iter().all(|rows| *rows > 5), "{stale:?} {json}");
        world.enrich.top_up(10_000);
        let json = world.place.run().expect(0).json();
        assert_eq!(json["steps"][0]["stale"], 0, "{json}");
    }
}
