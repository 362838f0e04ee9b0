//! Networks that rent out servers: people do not browse from there.

/// Autonomous systems of hosting and cloud providers, sorted (registry entries of the providers themselves).
///
/// Left out on purpose, because people come from them: carriers of every country (China Telecom 4134, China
/// Unicom 4837, China Mobile 9808, their provincial ones, CERNET), and the networks people's traffic passes
/// through by default: Cloudflare 13335 (WARP, iCloud Private Relay), Akamai 20940 and 36183, Fastly 54113
/// (iCloud Private Relay), Zscaler 22616 and 53813 (firms' outgoing proxies), Google 15169 (its VPN and data
/// saver; rented servers are 396982). Microsoft's and Tencent's own offices cannot be told apart from their
/// clouds and are in.
const ASNS: &[u32] = &[
    3842,    // RamNode
    7203,    // Leaseweb USA
    7224,    // Amazon
    8068,    // Microsoft
    8069,    // Microsoft
    8075,    // Microsoft Azure
    8100,    // QuadraNet
    8560,    // IONOS
    8987,    // Amazon
    9009,    // M247
    12876,   // Scaleway
    14061,   // DigitalOcean
    14618,   // Amazon
    16276,   // OVH
    16509,   // Amazon
    19318,   // Interserver
    20473,   // Vultr (Choopa)
    24429,   // Alibaba
    24940,   // Hetzner
    24961,   // myLoc, webtropia
    26347,   // DreamHost
    26496,   // GoDaddy
    28753,   // Leaseweb Germany
    29802,   // Hivelocity
    30633,   // Leaseweb USA
    31898,   // Oracle Cloud
    33070,   // Rackspace
    35540,   // OVH
    36351,   // IBM Cloud (SoftLayer)
    36352,   // ColoCrossing
    37963,   // Alibaba Cloud (Hangzhou)
    38895,   // Amazon
    40021,   // Contabo
    40676,   // Psychz
    45090,   // Tencent Cloud (Shenzhen)
    45102,   // Alibaba Cloud
    46606,   // Unified Layer
    47583,   // Hostinger
    49981,   // WorldStream
    50673,   // Serverius
    51167,   // Contabo
    53667,   // FranTech
    55286,   // ServerMania
    55967,   // Baidu Cloud
    55990,   // Huawei Cloud
    59019,   // Kingsoft Cloud
    59077,   // UCloud
    59253,   // Leaseweb Asia
    60068,   // DataCamp (CDN77)
    60781,   // Leaseweb Netherlands
    61317,   // Hivelocity
    62567,   // DigitalOcean
    62785,   // Amazon
    63949,   // Akamai Linode
    132_203, // Tencent Cloud
    134_963, // Alibaba Cloud Singapore
    135_377, // UCloud Hong Kong
    136_907, // Huawei Cloud
    137_718, // Volcano Engine
    150_436, // Byteplus
    197_540, // netcup
    202_053, // UpCloud
    212_238, // DataCamp
    212_317, // Hetzner
    213_230, // Hetzner
    395_954, // Leaseweb USA
    396_362, // Leaseweb USA
    396_982, // Google Cloud
    398_101, // GoDaddy
    398_324, // Censys
];

/// Names that only providers of servers bear, for databases without numbers. Lower case.
const NAMES: &[&str] = &[
    "alibaba cloud",
    "aliyun",
    "amazon data services",
    "amazon technologies",
    "amazon.com",
    "aws ec2",
    "choopa",
    "contabo",
    "datacamp",
    "digitalocean",
    "google cloud",
    "hetzner",
    "hostinger",
    "huawei cloud",
    "ionos se",
    "leaseweb",
    "linode",
    "microsoft azure",
    "netcup",
    "oracle cloud",
    "ovh sas",
    "ovh hosting",
    "psychz networks",
    "scaleway",
    "softlayer",
    "tencent cloud",
    "ucloud",
    "vultr",
];

/// Words in carriers' names: whatever else such an entry says, people are behind it. Lower case.
const CARRIERS: &[&str] = &[
    "broadnet",
    "cernet",
    "china mobile",
    "chinanet",
    "chunghwa",
    "hkt limited",
    "mobile commun",
    "netcom",
    "pccw",
    "telecom",
    "tietong",
    "unicom",
];

/// Whether a network rents out servers, by number, else by the owner's name. Carriers never do.
///
/// `asn` 0 and an empty name mean unknown. Chinese mobile traffic comes from the carriers' own numbers and is
/// never hit (tested).
pub fn is_hosting_network(asn: u32, org_name: &str) -> bool {
    ASNS.binary_search(&asn).is_ok() || (contains_any(org_name, NAMES) && !contains_any(org_name, CARRIERS))
}

/// Whether one of the words begins somewhere in the text, after something that is neither letter nor digit.
fn contains_any(text: &str, words: &[&str]) -> bool {
    let text = text.as_bytes();
    let begins = |at: usize, word: &str| {
        text.get(at..at + word.len())
            .is_some_and(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    (0..text.len())
        .filter(|at| {
            at.checked_sub(1)
                .is_none_or(|before| !text[before].is_ascii_alphanumeric())
        })
        .any(|at| words.iter().any(|word| begins(at, word)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_numbers_are_sorted_for_the_search() {
        assert!(ASNS.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn servers_for_rent_are_recognised() {
        for asn in [
            16509, 396_982, 8075, 37963, 45102, 45090, 132_203, 55990, 136_907, 16276, 24940, 14061, 63949,
        ] {
            assert!(is_hosting_network(asn, ""), "{asn}");
        }
        for name in [
            "Amazon.com, Inc.",
            "HETZNER ONLINE GmbH",
            "Hangzhou Alibaba Cloud Computing",
            "DIGITALOCEAN-ASN",
        ] {
            assert!(is_hosting_network(0, name), "{name}");
        }
    }

    #[test]
    fn people_on_chinese_carriers_are_not_hit() {
        let carriers = [
            (4134, "CHINANET-BACKBONE No.31,Jin-rong Street"),
            (4808, "China Unicom Beijing Province Network"),
            (4809, "China Telecom Next Generation Carrier Network"),
            (4812, "China Telecom Group"),
            (4837, "CHINA UNICOM China169 Backbone"),
            (9394, "China TieTong Telecommunications Corporation"),
            (9808, "China Mobile Communications Group Co., Ltd."),
            (17621, "China Unicom Shanghai network"),
            (17623, "China Unicom Shenzen network"),
            (17816, "China Unicom IP network China169 Guangdong province"),
            (23724, "IDC, China Telecommunications Corporation"),
            (24400, "Shanghai Mobile Communications Co.,Ltd."),
            (24444, "Shandong Mobile Communication Company Limited"),
            (24445, "Henan Mobile Communications Co.,Ltd"),
            (24547, "Hebei Mobile Communication Company Limited"),
            (56040, "China Mobile communications corporation"),
            (56041, "China Mobile communications corporation"),
            (56042, "China Mobile communications corporation"),
            (56046, "China Mobile communications corporation"),
            (56047, "China Mobile communications corporation"),
            (56048, "China Mobile Communicaitons Corporation"),
            (134_810, "China Mobile Group JiLin communications corporation"),
            (4538, "China Education and Research Network Center"),
            (7497, "Computer Network Information Center"),
            (9929, "China Netcom Corp."),
            (58453, "China Mobile International Limited"),
            (3462, "Data Communication Business Group, Chunghwa Telecom"),
            (4760, "HKT Limited"),
        ];
        for (asn, name) in carriers {
            assert!(!is_hosting_network(asn, name), "{asn} {name}");
            assert!(!is_hosting_network(asn, ""), "{asn} by number alone");
        }
    }

    #[test]
    fn a_carrier_that_names_its_cloud_partner_stays_a_carrier() {
        for name in [
            "CHINANET Guangdong Tencent Cloud access",
            "China Unicom / Alibaba Cloud CDN",
            "China Mobile Aliyun",
        ] {
            assert!(!is_hosting_network(0, name), "{name}");
        }
    }

    #[test]
    fn relays_people_use_without_knowing_are_not_hit() {
        for asn in [13335, 20940, 36183, 54113, 22616, 15169] {
            assert!(!is_hosting_network(asn, ""), "{asn}");
        }
        assert!(!is_hosting_network(0, ""));
    }

    proptest! {
        #[test]
        fn no_name_panics(asn: u32, name: String) {
            let _ = is_hosting_network(asn, &name);
        }
    }
}
