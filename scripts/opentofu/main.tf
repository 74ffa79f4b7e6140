# The tutorial's VPN as its usual tool has it, for `npm run bench:openstack`: the same resources in both regions, and nothing that waits or pings.
terraform {
  required_providers {
    openstack = {
      source = "terraform-provider-openstack/openstack"
    }
  }
}

variable "psk" {
  type      = string
  sensitive = true
}

# Root addresses by region, so that calls can be counted on the way.
variable "endpoints" {
  type = map(string)
}

provider "openstack" {
  alias              = "left"
  region             = "left"
  endpoint_overrides = { network = "${var.endpoints["left"]}/v2.0/" }
}

provider "openstack" {
  alias              = "right"
  region             = "right"
  endpoint_overrides = { network = "${var.endpoints["right"]}/v2.0/" }
}

module "left" {
  source       = "./site"
  providers    = { openstack = openstack.left }
  name         = "left"
  cidr         = "10.1.0.0/24"
  peer_cidr    = "10.2.0.0/24"
  peer_address = module.right.address
  psk          = var.psk
}

module "right" {
  source       = "./site"
  providers    = { openstack = openstack.right }
  name         = "right"
  cidr         = "10.2.0.0/24"
  peer_cidr    = "10.1.0.0/24"
  peer_address = module.left.address
  psk          = var.psk
}
